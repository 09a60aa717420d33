"""Lines of an order: products, shipping and fees with what they cost before and after coupons, all net, taxes beside them."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from asiento.accounting.allocation import spread
from asiento.accounting.order_events import LineKind
from sources.platforms.figures import rounded
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fields import amount, stated
from sources.platforms.woocommerce.taxes import line_taxes

_QUANTITY_STEP = Decimal("0.000001")


@dataclass(slots=True, kw_only=True)
class ShopLine:
    """One line in minor units, tax never in the amounts: `before` and `before_tax` without coupons, `net` and `taxes` with them.

    exact: the net amount as far as the payload shows more decimals than money has. sign: -1 for what reduces the order.
    """

    line_id: str
    kind: LineKind
    pointer: str
    quantity: Decimal = Decimal(1)
    before: int
    before_tax: int
    net: int
    tax: int
    exact: Decimal
    taxes: dict[str, int] = field(default_factory=dict)
    sign: int = 1
    sku: str | None = None
    description: str | None = None
    product: tuple[str, str] = ("0", "0")
    order_discount: int = 0


def shop_lines(order: Node, exponent: int) -> list[ShopLine]:
    """All lines in the order of the payload: products, shipping, fees."""
    lines = [*_products(order, exponent), *_shipping(order, exponent), *_fees(order, exponent)]
    seen: set[str] = set()
    for line in lines:
        if line.line_id in seen:
            raise Unjudged("reject_malformed", f"{line.pointer}: a line id that another line has", line.pointer)
        seen.add(line.line_id)
    return lines


def _products(order: Node, exponent: int) -> Iterator[ShopLine]:
    order.need("line_items")
    for item in order.each("line_items"):
        quantity, net = item.need("quantity").decimal(), item.need("total").decimal()
        if quantity < 0 or quantity != quantity.quantize(_QUANTITY_STEP):
            raise item.need("quantity").malformed("a number of units")
        before = stated(item, "subtotal")
        before_tax = stated(item, "subtotal_tax")
        tax = amount(item, "total_tax")
        if quantity == 0 and not net and not tax:
            continue
        line = _line(item, "GOODS", exponent, net, tax)
        line.before = abs(rounded(before.decimal(), exponent)) if before is not None else line.net
        line.before_tax = abs(rounded(before_tax.decimal(), exponent)) if before_tax is not None else line.tax
        line.quantity = quantity or Decimal(1)
        line.exact = _exact(item, quantity, net, exponent)
        line.product = (_identity(item, "product_id"), _identity(item, "variation_id"))
        line.sku = _text(item, "sku")
        line.description = _text(item, "name") if line.product[0] != "0" else None
        yield line


def _shipping(order: Node, exponent: int) -> Iterator[ShopLine]:
    items = order.each("shipping_lines")
    lines = [_line(item, "SHIPPING", exponent, amount(item, "total"), amount(item, "total_tax")) for item in items]
    stated_total, stated_tax = amount(order, "shipping_total", "total_shipping"), amount(order, "shipping_tax")
    if not lines and (stated_total or stated_tax):
        whole = _charge(order.pointer, "shipping", rounded(stated_total, exponent), rounded(stated_tax, exponent))
        lines = [whole]
    elif stated_tax > 0 and all(item.find("total_tax") is None for item in items):
        shares = spread(rounded(stated_tax, exponent), [line.net or 1 for line in lines])
        for line, share in zip(lines, shares, strict=True):
            line.tax = line.before_tax = share
    yield from lines


def _fees(order: Node, exponent: int) -> Iterator[ShopLine]:
    for item in order.each("fee_lines"):
        yield _line(item, "FEE", exponent, amount(item, "total"), amount(item, "total_tax"))


def _charge(pointer: str, line_id: str, net: int, tax: int) -> ShopLine:
    if net < 0 or tax < 0:
        raise Unjudged("reject_malformed", f"{pointer}: the shipping of an order is negative", pointer)
    return ShopLine(line_id=line_id, kind="SHIPPING", pointer=pointer, before=net, before_tax=tax, net=net, tax=tax, exact=Decimal(net))


def _line(item: Node, kind: LineKind, exponent: int, net: Decimal, tax: Decimal) -> ShopLine:
    if net * tax < 0:
        raise Unjudged("hold_discrepancy", f"{item.pointer}: the line and its tax have different signs", item.pointer)
    value, tax_value = abs(rounded(net, exponent)), abs(rounded(tax, exponent))
    return ShopLine(
        line_id=item.need("id").identity(),
        kind=kind,
        pointer=item.pointer,
        before=value,
        before_tax=tax_value,
        net=value,
        tax=tax_value,
        exact=abs(net).scaleb(exponent),
        taxes=line_taxes(item, exponent, tax),
        sign=-1 if net < 0 or tax < 0 else 1,
    )


def _exact(item: Node, quantity: Decimal, net: Decimal, exponent: int) -> Decimal:
    """`price` is what a unit costs after coupons, with all its decimals; where it agrees with the total it is the better figure."""
    price, half_a_unit = stated(item, "price"), Decimal("0.5")
    if price is not None and isinstance(price.value, Decimal):
        exact = abs(price.decimal() * quantity).scaleb(exponent)
        if abs(exact - abs(net).scaleb(exponent)) <= half_a_unit:
            return exact
    return abs(net).scaleb(exponent)


def _identity(item: Node, name: str) -> str:
    found = stated(item, name)
    return found.identity() if found is not None else "0"


def _text(item: Node, name: str) -> str | None:
    found = stated(item, name)
    if found is None or not isinstance(found.value, str):
        return None
    return Node(html.unescape(found.value), found.pointer).text() or None


def is_reduction(line: ShopLine) -> bool:
    """Whether a line takes something off the order: a negative fee, a negative product."""
    return line.sign < 0
