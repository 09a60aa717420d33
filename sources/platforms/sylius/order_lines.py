"""Lines of a Sylius order out of what it states by item: totals that hold promotions and added taxes already."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.allocation import spread
from sources.platforms.figures import difference_text
from sources.platforms.jurisdictions import tax_home
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import Money
from sources.platforms.sold_lines import SoldLine, SoldTax, rate_from
from sources.platforms.sylius.fields import linked, minor, whole

SHIPPING = "shipping"
PROMOTION = "order_promotion"


@dataclass(slots=True, kw_only=True)
class ItemLine:
    """One item in minor units: list price, after the item's own promotions, its share of the order's, taxes in and on top."""

    line_id: str
    kind: str
    quantity: int
    listed: int
    subtotal: int
    total: int
    share: int = 0
    added_tax: int = 0
    included_tax: int = 0
    sku: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Lines and discounts that tie to the total; sentences about secondary figures."""

    lines: tuple[SoldLine, ...]
    order_discounts: list[EventTwin]
    total: int
    included: bool
    notices: tuple[str, ...]


def agreed(order: Node, money: Money, place: dict[str, str]) -> Agreed:
    """The money side of an order; raises `Unjudged` hold_discrepancy where it does not tie."""
    items, total = _items(order, money), minor(order.need("total"), money)
    items_total, shipping_total = minor(order.need("itemsTotal"), money), whole(order, "shippingTotal", money)
    _tie(order, "itemsTotal", items_total, sum(item.total for item in items), money)
    _tie(order, "total", total, items_total + shipping_total, money)
    promotion, added = -whole(order, "orderPromotionTotal", money), whole(order, "taxExcludedTotal", money)
    shipping = _shipping(order, shipping_total, added - _share(order, items, promotion, money), money)
    lines = [*items, *([shipping] if shipping is not None else [])]
    taken_in = whole(order, "taxIncludedTotal", money)
    _include(order, lines, taken_in)
    mixed = bool(taken_in and added)
    sold = tuple(_sold(line, place, included=bool(taken_in) and not mixed) for line in lines)
    discounts: list[EventTwin] = [{"code": PROMOTION, "amount": promotion, "funded_by": "SELLER"}] if promotion else []
    return Agreed(
        lines=sold,
        order_discounts=discounts,
        total=total,
        included=bool(taken_in) and not mixed,
        notices=_secondary(order, items, money),
    )


def _items(order: Node, money: Money) -> list[ItemLine]:
    order.need("items")
    found: list[ItemLine] = []
    for place, item in enumerate(order.each("items"), 1):
        quantity, price = item.need("quantity").count(), minor(item.need("unitPrice"), money)
        named = item.find("id") or linked(item.find("@id"))
        line_id = named.reference() if named is not None else f"item-{place}"
        if quantity == 0 or price < 0:
            raise item.malformed("an item with units and a price")
        variant, name, total = linked(item.find("variant")), item.find("productName"), minor(item.need("total"), money)
        subtotal, listed = item.find("subtotal"), price * quantity
        without = listed if whole(order, "orderPromotionTotal", money) else min(listed, total)
        found.append(
            ItemLine(
                line_id=f"{line_id}-{place}" if any(line.line_id == line_id for line in found) else line_id,
                kind="GOODS",
                quantity=quantity,
                listed=listed,
                subtotal=minor(subtotal, money) if subtotal is not None else without,
                total=total,
                sku=variant.text() if variant is not None and isinstance(variant.value, str) else None,
                description=name.text() if name is not None and isinstance(name.value, str) else None,
            )
        )
    return found


def _share(order: Node, items: Sequence[ItemLine], promotion: int, money: Money) -> int:
    """Give each item its share of the order's promotion and its added tax; returns the added taxes of all items."""
    change = sum(item.total - item.subtotal for item in items)
    added = change + promotion
    if promotion < 0 or added < 0 or any(item.subtotal < 0 or item.subtotal > item.listed for item in items):
        message = difference_text("itemsTotal", sum(item.total for item in items), sum(item.subtotal for item in items) - promotion, money)
        raise Unjudged("hold_discrepancy", message, f"{order.pointer}/itemsTotal")
    weights = [item.subtotal for item in items]
    shares = spread(promotion, weights) if promotion and added and sum(weights) else None
    for place, item in enumerate(items):
        item.share = shares[place] if shares is not None else item.subtotal - item.total if promotion else 0
        item.added_tax = item.total - item.subtotal + item.share
        if item.share < 0 or item.added_tax < 0 or item.share > item.subtotal:
            message = f"{order.pointer}/items/{place}: promotion and taxes of the item cannot be told apart"
            raise Unjudged("hold_discrepancy", message, f"{order.pointer}/items/{place}/total")
    return added


def _shipping(order: Node, total: int, added_tax: int, money: Money) -> ItemLine | None:
    promotion = -whole(order, "shippingPromotionTotal", money)
    listed = total - added_tax + promotion
    if added_tax < 0 or promotion < 0 or total < added_tax:
        message = difference_text(
            "taxExcludedTotal", whole(order, "taxExcludedTotal", money), whole(order, "taxExcludedTotal", money) - added_tax, money
        )
        raise Unjudged("hold_discrepancy", message, f"{order.pointer}/taxExcludedTotal")
    if not listed and not total:
        return None
    return ItemLine(
        line_id=SHIPPING, kind="SHIPPING", quantity=1, listed=listed, subtotal=listed - promotion, total=total, added_tax=added_tax
    )


def _include(order: Node, lines: Sequence[ItemLine], amount: int) -> None:
    """Taxes that prices hold are stated for the whole order: spread by what the lines cost, shipping by its own figure where it can be."""
    if amount < 0:
        raise Unjudged("reject_malformed", f"{order.pointer}/taxIncludedTotal is negative", f"{order.pointer}/taxIncludedTotal")
    weights = [line.total - line.added_tax for line in lines]
    if not amount:
        return
    if sum(weights) < amount:
        raise Unjudged("hold_discrepancy", "more tax is in the prices than they are", f"{order.pointer}/taxIncludedTotal")
    for line, share in zip(lines, spread(amount, weights), strict=True):
        line.included_tax = share


def _sold(line: ItemLine, place: dict[str, str], *, included: bool) -> SoldLine:
    """Where a tax is in the price and another on top, all are told on top: an event knows one way only."""
    taken_out = 0 if included else line.included_tax
    tax, net = line.added_tax + line.included_tax, line.total - line.added_tax - line.included_tax
    jurisdiction, kind = tax_home("", place)
    taxes = (SoldTax(jurisdiction=jurisdiction, type=kind, code="tax", rate=rate_from(tax, net), base=net, amount=tax),) if tax else ()
    return SoldLine(
        line_id=line.line_id,
        kind="SHIPPING" if line.kind == "SHIPPING" else "GOODS",
        quantity=Decimal(line.quantity),
        gross=line.listed - taken_out,
        discount=line.listed - line.subtotal,
        order_discount=line.share if line.kind == "GOODS" else None,
        taxes=taxes,
        sku=line.sku,
        description=line.description,
    )


def _secondary(order: Node, items: Sequence[ItemLine], money: Money) -> tuple[str, ...]:
    found = []
    listed, items_total = sum(item.listed for item in items), whole(order, "itemsTotal", money)
    if listed != items_total:
        sentence = difference_text("itemsTotal", items_total, listed, money)
        found.append(f"{sentence} by unit prices: promotions and added taxes are in it")
    tax_total, shipping_tax = whole(order, "taxTotal", money), whole(order, "shippingTaxTotal", money)
    parts = whole(order, "taxExcludedTotal", money) + whole(order, "taxIncludedTotal", money)
    if order.find("taxTotal") is not None and tax_total != parts:
        found.append(difference_text("taxTotal", tax_total, parts, money))
    if shipping_tax > tax_total:
        found.append(difference_text("shippingTaxTotal", shipping_tax, tax_total, money))
    return tuple(found)


def _tie(order: Node, name: str, stated: int, computed: int, money: Money) -> None:
    if stated != computed:
        raise Unjudged("hold_discrepancy", difference_text(name, stated, computed, money), f"{order.pointer}/{name}")
