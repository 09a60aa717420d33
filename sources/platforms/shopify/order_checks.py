"""Does the order add up? The total must; the other figures are only compared and reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.money import major_units_text
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.money import MoneyReader
from sources.platforms.shopify.order_lines import OrderLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """How lines and total agree: the total of the event, and what had to be taken into account for it.

    difference: of a trial whose lines and total do not agree; its total is that of its lines then.
    """

    total: int
    unallocated_discount: int
    rounding: tuple[OrderLine, ...] = ()
    difference: str | None = None


def tie_to_total(
    order: Node, money: MoneyReader, lines: Sequence[OrderLine], included: bool, total_discounts: int, *, trial: bool = False
) -> Tie:
    """Lines less discounts plus added taxes = total_price, in one of the ways Shopify states orders.

    Discounts may be stated in total only; cash rounding is stated beside the total and is added to it, unless the
    total holds it already. Raises `Unjudged` hold_discrepancy where nothing fits, unless the order is a `trial`, which is never booked.
    """
    stated = money.amount(order, "total_price")
    computed = charged(lines, included)
    rounding = money.find(order, "total_cash_rounding_payment_adjustment") or 0
    rounding_lines = (_rounding_line(rounding, money),) if rounding else ()
    shares_given = any(line.order_discount for line in lines)
    unallocated = 0 if shares_given else max(0, total_discounts - sum(line.discount for line in lines))
    for discount in dict.fromkeys((0, unallocated)):
        if computed - discount == stated:
            return Tie(total=stated + rounding, unallocated_discount=discount, rounding=rounding_lines)
        if rounding and computed - discount + rounding == stated:
            return Tie(total=stated, unallocated_discount=discount, rounding=rounding_lines)
    message = difference_text("order total", stated, computed - unallocated, money)
    if trial and computed >= unallocated:
        return Tie(total=computed - unallocated, unallocated_discount=unallocated, difference=message)
    raise Unjudged("hold_discrepancy", message, f"{order.pointer}/total_price")


def secondary_figures(order: Node, money: MoneyReader, lines: Sequence[OrderLine], unallocated_discount: int) -> tuple[str, ...]:
    """Disagreements between figures that change nothing in the books, one sentence each."""
    goods = [line for line in lines if line.kind in {"GOODS", "SERVICE", "GIFT_CARD"}]
    gross = sum(line.gross for line in goods)
    reductions = sum(line.discount + (line.order_discount or 0) for line in goods)
    computed = {
        "total_tax": sum(line.tax for line in lines),
        "total_line_items_price": gross,
        "total_discounts": sum(line.discount + (line.order_discount or 0) for line in lines),
        "subtotal_price": gross - reductions - unallocated_discount,
    }
    found = []
    for name, figure in computed.items():
        stated = money.find(order, name)
        if stated is not None and stated != figure:
            found.append(difference_text(name, stated, figure, money))
    total_tax, header = money.find(order, "total_tax"), [money.amount(tax, "price") for tax in order.each("tax_lines")]
    if header and total_tax is not None and sum(header) != total_tax:
        found.append(difference_text("total_tax against the order's own tax_lines", total_tax, sum(header), money))
    return tuple(found)


def charged(lines: Sequence[OrderLine], included: bool) -> int:
    """What the customer owes for the lines."""
    return sum(line.value + (0 if included else line.tax) for line in lines)


def _rounding_line(amount: int, money: MoneyReader) -> OrderLine:
    price = Decimal(major_units_text(amount, money.exponent))
    return OrderLine(line_id="cash_rounding", kind="ROUNDING", quantity=1, unit_price=price, gross=amount)
