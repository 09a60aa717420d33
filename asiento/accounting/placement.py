"""An order's lines as they are stated: checks D01, D03, D05, D06 and the component vectors of every line."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import add
from typing import Final, NamedTuple

from asiento.accounting.allocation import spread
from asiento.accounting.blocks import NET, Amounts, Block, zeros
from asiento.accounting.money import parse_decimal, round_half_up
from asiento.accounting.order_events import ExchangeCreated, Line, OrderEdited, OrderPlaced
from asiento.accounting.order_state import UNIT_KINDS, LineState, LineTerms, TaxTerms
from asiento.accounting.particulars import Parameters, named

ADDED_ROUNDING_ID: Final = "asiento:rounding"
"""line_id of the ROUNDING that D01 adds; a source that uses it for a line of its own is refused (D06)."""

_DISCOUNTED_KINDS = frozenset({"GOODS", "SERVICE"})
_DEFAULT_CATEGORY: Final = "sales"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why lines cannot be taken: the code and, where it is a difference, both sides of it in minor units."""

    code: str
    parameters: Parameters
    expected: int | None = None
    actual: int | None = None


class StatedLines(NamedTuple):
    """Lines as an event states them: `discount` is the order-level one, `total` what all of it should add up to.

    sum: what the lines add up to, discounts and exclusive taxes included. shares: of the discount, by Rule 1 as for fresh lines;
    None where they do not add up.
    """

    lines: tuple[Line, ...]
    discount: int
    total: int
    sum: int
    shares: list[int] | None


def stated_lines(event: OrderPlaced | OrderEdited | ExchangeCreated) -> StatedLines:
    """The lines of an event; an exchange has no order-level discount."""
    if isinstance(event, ExchangeCreated):
        return StatedLines(event.lines, 0, event.total_added, _sum_of(event.lines), discount_shares(event.lines, 0))
    discount = sum([discount.amount for discount in event.order_discounts])
    return StatedLines(event.lines, discount, event.total, _sum_of(event.lines) - discount, discount_shares(event.lines, discount))


def _sum_of(lines: tuple[Line, ...]) -> int:
    total = 0
    for line in lines:
        total += line.gross - line.discount
        for tax in line.taxes:
            if not tax.included:
                total += tax.amount
    return total


def check_total(stated: StatedLines, tolerance_per_line: int) -> Refusal | None:
    """D01 beyond its tolerance (minor units per line)."""
    total = stated.sum
    if abs(stated.total - total) <= len(stated.lines) * tolerance_per_line:
        return None
    allowed = len(stated.lines) * tolerance_per_line
    parameters = named(reason="beyond_tolerance", allowed=allowed, difference=abs(stated.total - total))
    return Refusal("D01", parameters, expected=total, actual=stated.total)


def refuse_shares(stated: StatedLines) -> Refusal:
    """D03: the shares that the lines state are not the order-level discount."""
    given = sum([line.order_discount or 0 for line in stated.lines])
    reason = "shares_above" if given > stated.discount else "rest_without_line"
    parameters = named(reason=reason, difference=abs(stated.discount - given))
    return Refusal("D03", parameters, expected=stated.discount, actual=given)


def check_lines(stated: StatedLines, *, prices_include_tax: bool, tolerance_per_line: int) -> Refusal | None:
    """D01 beyond its tolerance, D03, D06 of fresh lines: the first of them in this order, or None."""
    shares = stated.shares
    if shares is None:
        return check_total(stated, tolerance_per_line) or refuse_shares(stated)
    return check_total(stated, tolerance_per_line) or check_shape(stated.lines, shares, prices_include_tax)


def check_shape(lines: tuple[Line, ...], shares: list[int], prices_include_tax: bool) -> Refusal | None:
    """D06 of lines with their shares of the order-level discount."""
    fault = _first_fault(lines, shares, prices_include_tax)
    return Refusal("D06", fault) if fault else None


def discount_shares(lines: tuple[Line, ...], discount: int) -> list[int] | None:
    """Rule 1: every line's share of the order-level discount, given shares as they are; None where they do not add up."""
    given: list[int] = []
    weights: list[int] = []
    for line in lines:
        given.append(line.order_discount or 0)
        weights.append(max(0, line.gross - line.discount) if takes_discount(line) else 0)
    rest = discount - sum(given)
    if rest == 0:
        return given
    if rest < 0 or not any(weights):
        return None
    return list(map(add, given, spread(rest, weights)))


def takes_discount(line: Line) -> bool:
    """Whether Rule 1 gives a share of the order-level discount to the line."""
    return line.order_discount is None and line.kind in _DISCOUNTED_KINDS


def _first_fault(lines: tuple[Line, ...], shares: list[int], prices_include_tax: bool) -> Parameters | None:
    seen: set[str] = set()
    for line, share in zip(lines, shares, strict=True):
        if line.line_id in seen:
            return named(reason="line_twice", line_id=line.line_id)
        if line.line_id == ADDED_ROUNDING_ID:
            return named(reason="line_id_reserved", line_id=line.line_id)
        seen.add(line.line_id)
        for tax in line.taxes:
            if tax.included != prices_include_tax:
                return named(reason="included_differs", line_id=line.line_id, tax=tax_name(tax.jurisdiction, tax.type, tax.code))
        if line.kind == "ROUNDING":
            continue
        if line.gross < 0 or line.discount < 0 or share < 0:
            return named(reason="negative_line", line_id=line.line_id, gross=line.gross, discount=line.discount + share)
        if line.kind == "GIFT_CARD" and (line.discount or share):
            return named(reason="gift_card_discounted", line_id=line.line_id, discount=line.discount + share)
        if _net(line, share) < 0:
            return named(
                reason="negative_net", line_id=line.line_id, gross=line.gross, discount=line.discount + share, net=_net(line, share)
            )
    return None


def tax_name(jurisdiction: str, tax_type: str, code: str) -> str:
    """How messages name a tax; the code where it says more than the type."""
    return f"{jurisdiction} {tax_type}" if code in ("", tax_type) else f"{jurisdiction} {tax_type} {code}"


def _net(line: Line, share: int) -> int:
    net = line.gross - line.discount - share
    for tax in line.taxes:
        if tax.included:
            net -= tax.amount
    return net


def component_amounts(line: Line, share: int, taxes: Iterable[int]) -> Amounts:
    """The component vector of a line with its share of the order-level discount and the amounts of `tax_components`."""
    net = _net(line, share)
    discount = line.discount + share
    if discount and line.taxes:
        discount = _discount_without_tax(line, discount, net)
    return (net, discount, share, line.gross - line.discount, *taxes)


def tax_components(line: Line) -> dict[TaxTerms, int]:
    """The taxes of a line, those of the same terms as one, in the line's order."""
    components: dict[TaxTerms, int] = {}
    for tax in line.taxes:
        terms = TaxTerms(tax.jurisdiction, tax.type, tax.code, tax.rate, tax.liable_party)
        components[terms] = components.get(terms, 0) + tax.amount
    return components


def _discount_without_tax(line: Line, discount: int, net: int) -> int:
    """The discount less the included taxes in it; by the rates where the line is worth nothing (or less: a ROUNDING)."""
    included = [tax for tax in line.taxes if tax.included]
    if not included:
        return discount
    whole = net + sum(tax.amount for tax in included)
    if whole > 0 <= net:
        return round_half_up(discount * net, whole)
    rates = [parse_decimal(tax.rate) for tax in included]
    scale = max(rate.denominator for rate in rates)
    divisor = scale + sum(rate.numerator * (scale // rate.denominator) for rate in rates)
    return round_half_up(discount * scale, divisor)


def line_terms(line: Line, taxes: tuple[TaxTerms, ...]) -> LineTerms:
    """What does not change of a line unless an edit says so."""
    category = line.revenue_category or _DEFAULT_CATEGORY
    return LineTerms(line.line_id, line.kind, category, line.unit_price, line.sku, line.description, line.unit_cost, taxes)


def place_line(line: Line, share: int) -> LineState:
    """The state of a fresh line. Charges get the units of their block from `spread_charges`."""
    taxes = tax_components(line)
    amounts = component_amounts(line, share, taxes.values())
    nothing = zeros(amounts)
    units = line.quantity if line.kind in UNIT_KINDS else 0
    return LineState(line_terms(line, tuple(taxes)), units, amounts, Block(units, 0, amounts), nothing, nothing, nothing)


def added_rounding(difference: int) -> LineState:
    """The ROUNDING line that makes up the difference between lines and total (D01)."""
    amounts = (difference, 0, 0, difference)
    nothing = zeros(amounts)
    terms = LineTerms(ADDED_ROUNDING_ID, "ROUNDING", _DEFAULT_CATEGORY, "0", None, None, None, ())
    return LineState(terms, 0, amounts, Block(0, 0, amounts), nothing, nothing, nothing)


def spread_charges(lines: dict[str, LineState]) -> None:
    """Rule 3: what is open of every charge becomes a block over the net of the open units (V)."""
    charges: list[str] = []
    open_net = 0
    for line_id, line in lines.items():
        if line.terms.kind in UNIT_KINDS:
            open_net += line.open.rest()[NET]
        elif line.terms.kind != "ROUNDING":
            charges.append(line_id)
    for line_id in charges:
        own = lines[line_id] = lines[line_id].copy()
        own.open = Block(open_net, 0, own.open.rest())


def tax_difference(lines: tuple[Line, ...], tolerance: int) -> Refusal | None:
    """D05: the first tax that differs from base * rate by more than `tolerance`, or None."""
    for line in lines:
        for tax in line.taxes:
            numerator, denominator = parse_decimal(tax.rate)
            if abs(tax.base * numerator - tax.amount * denominator) > denominator * tolerance:
                expected = round_half_up(tax.base * numerator, denominator)
                name = tax_name(tax.jurisdiction, tax.type, tax.code)
                parameters = named(line_id=line.line_id, tax=name, rate=tax.rate, base=tax.base, difference=abs(expected - tax.amount))
                return Refusal("D05", parameters, expected=expected, actual=tax.amount)
    return None
