"""`proceeds` of an order of the Orders API 2026-01-01: what its items and the order itself cost, and whether that adds up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.amazon_sp_api.order_lines import GOODS, TIPS, Item
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

TAX, DISCOUNT = "TAX", "DISCOUNT"
KNOWN_PARTS = frozenset({GOODS, "SHIPPING", "GIFT_WRAP", "COD_FEE", "OTHER", *TIPS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Items and order-level charges that tie to the total. `included`: their taxes are inside the prices; None where there are none."""

    items: tuple[Item, ...]
    total: int
    included: bool | None
    notices: tuple[str, ...]


def monies_of(order: Node) -> Iterator[Node]:
    """Every amount of money that decides about the order's currency."""
    for owner, total in [(order, "grandTotal"), *((item, "proceedsTotal") for item in order.each("orderItems"))]:
        proceeds = owner.find("proceeds")
        if proceeds is None:
            continue
        stated = proceeds.find(total)
        if stated is not None:
            yield stated
        for breakdown in proceeds.each("breakdowns"):
            yield breakdown.need("subtotal")
            yield from (detail.need("value") for detail in breakdown.each("detailedBreakdowns"))


def agreed(order: Node, till: Till) -> Agreed:
    """Read all proceeds; raises `Unjudged` hold_discrepancy where a total differs from its parts, refetch where there are none."""
    pairs = [(node, _item(node, till)) for node in order.each("orderItems")]
    tax_sides = [side for node, item in pairs for side in _sides(node, item, till)]
    notices = [
        f"{node.pointer}: charge of a kind that is not known, booked as a fee"
        for node, item in pairs
        for name in item.parts
        if name not in KNOWN_PARTS
    ]
    items = [item for _, item in pairs]
    charges = _order_level(order, items, till)
    everything = [*items, *charges]
    included = _included(order, tax_sides)
    stated = _grand_total(order, till)
    candidates = (False, True) if included is None and any(item.tax for item in everything) else (bool(included),)
    for candidate in candidates:
        total = sum(item.total(candidate) for item in everything)
        if stated is None or total == stated:
            taxed = any(item.tax for item in everything)
            return Agreed(items=tuple(everything), total=total, included=candidate if taxed else None, notices=tuple(notices))
    computed = sum(item.total(candidates[0]) for item in everything)
    pointer = f"{order.pointer}/proceeds/grandTotal"
    raise Unjudged("hold_discrepancy", till.difference("grand total", stated or 0, computed), pointer)


def _grand_total(order: Node, till: Till) -> int | None:
    proceeds = order.find("proceeds")
    return till.find(proceeds, "grandTotal") if proceeds is not None else None


def _item(node: Node, till: Till) -> Item:
    """One order item; without proceeds it costs nothing, unless a price says that they were left out."""
    product = node.need("product")
    price = product.find("price")
    unit = price.find("unitPrice") if price is not None else None
    amount = unit.need("amount") if unit is not None else None
    sku, title = product.find("sellerSku"), product.find("title")
    item = Item(
        line_id=node.need("orderItemId").reference(),
        pointer=node.pointer,
        quantity=node.need("quantityOrdered").count(),
        sku=(sku.text() or None) if sku is not None else None,
        title=(title.text() or None) if title is not None else None,
        unit_price=amount,
        marketplace_pays=marketplace_pays(node),
    )
    proceeds = node.find("proceeds")
    if proceeds is None and amount is not None and amount.decimal() != 0:
        node.need("proceeds")
    if proceeds is not None:
        _read_breakdowns(item, proceeds.each("breakdowns"), till)
    item.part(GOODS)
    return item


def marketplace_pays(node: Node) -> bool:
    """Whether the marketplace collects and pays the taxes of an item."""
    tax = node.find("tax")
    models = [collection.find("model") for collection in tax.each("taxCollections")] if tax is not None else []
    return any(model is not None and model.value == "MARKETPLACE_FACILITATOR" for model in models)


def _read_breakdowns(item: Item, breakdowns: Sequence[Node], till: Till) -> None:
    for breakdown in breakdowns:
        kind, subtotal = breakdown.need("type").text(), till.money(breakdown.need("subtotal"))
        details = [
            (detail.need("subtype").text(), till.money(detail.need("value"))) for detail in breakdown.each("detailedBreakdowns")
        ] or [(GOODS, subtotal)]
        if kind == DISCOUNT:
            _tie(breakdown, abs(subtotal), sum(abs(value) for _, value in details), till)
            for subtype, value in details:
                item.part(subtype).discount += abs(value)
        elif kind == TAX:
            for subtype, value in _signed_taxes(breakdown, subtotal, details, till):
                item.part(subtype).tax += value
        else:
            item.part(kind).gross += subtotal


def _signed_taxes(breakdown: Node, subtotal: int, details: list[tuple[str, int]], till: Till) -> list[tuple[str, int]]:
    """The tax of each part. That of discounts is taken off the goods, unless the subtotal shows that it counts otherwise."""
    discounts = sum(abs(value) for subtype, value in details if subtype == DISCOUNT)
    others = [(subtype, value) for subtype, value in details if subtype != DISCOUNT]
    charged = sum(value for _, value in others)
    if discounts and charged == subtotal:
        return others
    _tie(breakdown, subtotal, charged - discounts, till)
    return [*others, (GOODS, -discounts)] if discounts else others


def _tie(breakdown: Node, stated: int, computed: int, till: Till) -> None:
    if stated != computed:
        pointer = f"{breakdown.pointer}/subtotal"
        raise Unjudged("hold_discrepancy", till.difference("subtotal of a breakdown", stated, computed), pointer)


def _sides(node: Node, item: Item, till: Till) -> list[bool]:
    """Whether the item's taxes are inside its total, where that total tells; raises `Unjudged` where neither way fits."""
    proceeds = node.find("proceeds")
    stated = till.find(proceeds, "proceedsTotal") if proceeds is not None else None
    if stated is None:
        return []
    fitting = [included for included in (False, True) if item.total(included) == stated]
    if not fitting:
        message = till.difference("total of an item", stated, item.total(included=False))
        raise Unjudged("hold_discrepancy", message, f"{node.pointer}/proceeds/proceedsTotal")
    return fitting if len(fitting) == 1 else []


def _included(order: Node, sides: Sequence[bool]) -> bool | None:
    if len(set(sides)) > 1:
        message = "taxes are inside the total of one item and beside that of another"
        raise Unjudged("hold_discrepancy", message, f"{order.pointer}/orderItems")
    return sides[0] if sides else None


def _order_level(order: Node, items: Sequence[Item], till: Till) -> list[Item]:
    """Charges that only the order's own breakdown shows, such as the tip; figures that items show as well must agree."""
    proceeds = order.find("proceeds")
    charges = []
    for breakdown in proceeds.each("breakdowns") if proceeds is not None else []:
        kind, subtotal = breakdown.need("type").text(), till.money(breakdown.need("subtotal"))
        in_items = _sum_in_items(kind, items)
        if kind == DISCOUNT:
            subtotal = abs(subtotal)
        if in_items == subtotal:
            continue
        if in_items or kind in {GOODS, TAX, DISCOUNT}:
            message = till.difference("breakdown of the order against its items", subtotal, in_items)
            raise Unjudged("hold_discrepancy", message, f"{breakdown.pointer}/subtotal")
        charge = Item(line_id="tip" if kind in TIPS else "order", pointer=breakdown.pointer, quantity=0)
        charge.part(kind).gross += subtotal
        charges.append(charge)
    return charges


def _sum_in_items(kind: str, items: Sequence[Item]) -> int:
    if kind == TAX:
        return sum(item.tax for item in items)
    if kind == DISCOUNT:
        return sum(part.discount for item in items for part in item.parts.values())
    return sum(item.parts[kind].gross for item in items if kind in item.parts)
