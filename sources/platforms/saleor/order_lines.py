"""Lines of a Saleor order: what they cost with and without tax, after all discounts, and before them where that is stated."""

from collections.abc import Sequence
from dataclasses import dataclass

from sources.platforms.figures import difference_text
from sources.platforms.jurisdictions import tax_home
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.saleor.fields import Price, amount_of, field, price_of, units_price
from sources.platforms.shop_facts import Money
from sources.platforms.sold_lines import SoldLine, SoldTax, rate_from

SHIPPING = "shipping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Lines and discounts that tie to the total; sentences about secondary figures."""

    lines: tuple[SoldLine, ...]
    order_discounts: list[EventTwin]
    total: int
    notices: tuple[str, ...]


def agreed(order: Node, money: Money, place: dict[str, str], included: bool) -> Agreed:
    """The money side of an order; raises `Unjudged` hold_discrepancy where it does not tie."""
    total = price_of(order, "total", money)
    if total is None:
        raise Unjudged("refetch", "the order's total is missing: ask for it in the subscription", f"{order.pointer}/total")
    reader = _Reader(order=order, money=money, place=place, included=included)
    lines = reader.lines()
    computed = sum(line.value + (0 if included else line.tax) for line in lines)
    discount = sum(amount_of(each, "amount", money) or amount_of(each, "amountValue", money) or 0 for each in order.each("discounts"))
    taken_off = computed - total.gross
    if taken_off and not (taken_off == discount and taken_off > 0):
        raise Unjudged("hold_discrepancy", _difference("order total", total.gross, computed, money), f"{order.pointer}/total")
    tax = sum(line.tax for line in lines)
    if taken_off and tax != total.tax:
        raise Unjudged("hold_discrepancy", _difference("order tax", total.tax, tax, money), f"{order.pointer}/total/tax")
    notices = () if tax == total.tax else (_difference("total tax", total.tax, tax, money),)
    discounts: list[EventTwin] = [{"code": "order_discount", "amount": taken_off, "funded_by": "SELLER"}] if taken_off else []
    return Agreed(lines=lines, order_discounts=discounts, total=total.gross, notices=notices)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    order: Node
    money: Money
    place: dict[str, str]
    included: bool

    def lines(self) -> tuple[SoldLine, ...]:
        self.order.need("lines")
        found: list[SoldLine] = []
        for number, line in enumerate(self.order.each("lines"), 1):
            found.append(self._line(line, number, found))
        shipping = price_of(self.order, "shippingPrice", self.money)
        if shipping is not None and shipping.gross:
            found.append(self._shipping(shipping))
        return tuple(found)

    def _line(self, line: Node, number: int, before: Sequence[SoldLine]) -> SoldLine:
        quantity = line.need("quantity").decimal()
        if quantity <= 0:
            raise line.need("quantity").malformed("a number of units")
        price = price_of(line, "totalPrice", self.money) or units_price(line, "unitPrice", quantity, self.money)
        if price is None:
            raise Unjudged("refetch", "a line's price is missing: ask for it in the subscription", f"{line.pointer}/totalPrice")
        undiscounted = price_of(line, "undiscountedTotalPrice", self.money) or units_price(
            line, "undiscountedUnitPrice", quantity, self.money
        )
        value, full = self._side(price), self._side(undiscounted) if undiscounted is not None else 0
        discount, gift_card = max(0, full - value), field(line, "isGiftCard")
        named, sku, name = field(line, "id"), field(line, "productSku"), field(line, "productName")
        line_id = named.reference() if named is not None else f"line-{number}"
        if any(other.line_id == line_id for other in before):
            raise Unjudged("reject_malformed", f"{line.pointer}: a line id that another line has", line.pointer)
        is_gift_card = gift_card is not None and gift_card.value is True and not discount
        return SoldLine(
            line_id=line_id,
            kind="GIFT_CARD" if is_gift_card else "GOODS",
            quantity=quantity,
            gross=value + discount,
            discount=discount,
            taxes=self._taxes(price, field(line, "taxRate")),
            sku=sku.text() if sku is not None and isinstance(sku.value, str) else None,
            description=name.text() if name is not None and isinstance(name.value, str) else None,
        )

    def _shipping(self, price: Price) -> SoldLine:
        taxes = self._taxes(price, field(self.order, "shippingTaxRate"))
        return SoldLine(line_id=SHIPPING, kind="SHIPPING", gross=self._side(price), taxes=taxes)

    def _side(self, price: Price) -> int:
        return price.gross if self.included else price.net

    def _taxes(self, price: Price, rate: Node | None) -> tuple[SoldTax, ...]:
        if not price.tax:
            return ()
        jurisdiction, kind = tax_home("", self.place)
        stated = rate.decimal() if rate is not None and not isinstance(rate.value, dict) else None
        fits = stated is not None and 0 <= stated < 10 and abs(stated * price.net - price.tax) <= 1
        fraction = decimal_text(stated) if fits and stated is not None else rate_from(price.tax, price.net)
        return (SoldTax(jurisdiction=jurisdiction, type=kind, code="tax", rate=fraction, base=price.net, amount=price.tax),)


def _difference(name: str, stated: int, computed: int, money: Money) -> str:
    return difference_text(name, stated, computed, money)
