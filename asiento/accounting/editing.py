"""Rule 2 for edits and exchanges: every line gets a new open block of what is agreed now and not taken yet."""

from dataclasses import dataclass

from asiento.accounting.allocation import spread
from asiento.accounting.blocks import FIRST_TAX, ORDER_DISCOUNT, WEIGHT, Amounts, Block, gross_of, less, zeros
from asiento.accounting.order_events import ExchangeCreated, Line, OrderEdited
from asiento.accounting.order_state import LineState, LineTerms, OrderState, Shipment, TaxTerms
from asiento.accounting.particulars import Parameters, named
from asiento.accounting.placement import (
    ADDED_ROUNDING_ID,
    Refusal,
    added_rounding,
    check_lines,
    check_shape,
    check_total,
    component_amounts,
    line_terms,
    place_line,
    refuse_shares,
    spread_charges,
    stated_lines,
    takes_discount,
    tax_components,
    tax_name,
)


@dataclass(frozen=True, slots=True)
class EditPlan:
    """The lines after an edit or exchange; joins: (line_id, amounts) that join the line's last shipped block."""

    lines: dict[str, LineState]
    joins: tuple[tuple[str, Amounts], ...]


@dataclass(frozen=True, slots=True)
class EditFault:
    """Why lines cannot be changed: what the message of its D11 says."""

    parameters: Parameters


def plan_edit(event: OrderEdited, order: OrderState) -> EditPlan | EditFault:
    """What an edit makes of the lines; a fault where less would be agreed than was taken, or a discount finds no line."""
    stated = stated_lines(event)
    shares = _shares_after(event.lines, stated.discount, order.lines)
    if shares is None:
        return EditFault(named(reason="discount_below_taken"))
    lines = {line.line_id: _edited(order.lines.get(line.line_id), line, share) for line, share in zip(event.lines, shares, strict=True)}
    difference = stated.total - stated.sum
    for line_id, line in order.lines.items():
        if line_id not in lines and line_id != ADDED_ROUNDING_ID:
            lines[line_id] = _reopened(line, line.terms, 0, zeros(line.agreed))
    if ADDED_ROUNDING_ID in order.lines:
        rounding = order.lines[ADDED_ROUNDING_ID]
        lines[ADDED_ROUNDING_ID] = _reopened(rounding, rounding.terms, 0, added_rounding(difference).agreed)
    elif difference:
        lines[ADDED_ROUNDING_ID] = added_rounding(difference)
    return _settled(lines)


def plan_exchange(event: ExchangeCreated, order: OrderState) -> EditPlan | EditFault:
    """What an exchange makes of the lines: those of the order keep what they are, its own are added."""
    lines = {line_id: _reopened(line, line.terms, line.units, line.agreed) for line_id, line in order.lines.items()}
    for line in event.lines:
        lines[line.line_id] = place_line(line, line.order_discount or 0)
    stated = stated_lines(event)
    difference = stated.total - stated.sum
    if difference:
        added = added_rounding(difference)
        before = order.lines.get(ADDED_ROUNDING_ID)
        agreed = tuple(map(sum, zip(before.agreed, added.agreed, strict=True))) if before is not None else added.agreed
        lines[ADDED_ROUNDING_ID] = _reopened(before, before.terms, 0, agreed) if before is not None else added
    return _settled(lines)


def check_edit(event: OrderEdited, order: OrderState, *, prices_include_tax: bool, tolerance_per_line: int) -> Refusal | None:
    """D01 beyond its tolerance, D03, D06 of an edit: the first of them in this order, or None.

    Where what is left of a discount finds no line to carry it, the edit is D11, not D03.
    """
    stated = stated_lines(event)
    given = [line.order_discount or 0 for line in event.lines]
    all_given = all(line.order_discount is not None for line in event.lines)
    shares = stated.shares
    if sum(given) > stated.discount or (all_given and sum(given) < stated.discount):
        return check_total(stated, tolerance_per_line) or refuse_shares(stated)
    refusal = check_total(stated, tolerance_per_line) or check_shape(event.lines, shares or given, prices_include_tax)
    if refusal is None:
        changed = next((line for line in event.lines if _changes_kind(line, order.lines.get(line.line_id))), None)
        if changed is not None:
            before = order.lines[changed.line_id].terms.kind
            return Refusal("D06", named(reason="kind_changed", line_id=changed.line_id, before=before, after=changed.kind))
    return refusal


def check_exchange(event: ExchangeCreated, order: OrderState, *, prices_include_tax: bool, tolerance_per_line: int) -> Refusal | None:
    """D01 beyond its tolerance, D03, D06 of an exchange: the first of them in this order, or None."""
    refusal = check_lines(stated_lines(event), prices_include_tax=prices_include_tax, tolerance_per_line=tolerance_per_line)
    known = next((line.line_id for line in event.lines if line.line_id in order.lines), None)
    return refusal or (Refusal("D06", named(reason="line_on_order", line_id=known)) if known is not None else None)


def _changes_kind(line: Line, before: LineState | None) -> bool:
    """Whether something was taken of the line under another kind; a line of which nothing was taken starts anew."""
    return before is not None and before.terms.kind != line.kind and (before.taken_units > 0 or any(before.taken))


def _shares_after(lines: tuple[Line, ...], discount: int, before: dict[str, LineState]) -> list[int] | None:
    """Each line's share of the order-level discount: what it took, and Rule 1 over the open parts for what is left."""
    taken = {line_id: line.taken for line_id, line in before.items()}
    shares = [taken[line.line_id][ORDER_DISCOUNT] if line.line_id in taken else 0 for line in lines]
    named = {line.line_id for line in lines}
    rest = discount - sum([amounts[ORDER_DISCOUNT] for line_id, amounts in taken.items() if line_id not in named])
    for place, line in enumerate(lines):
        if line.order_discount is not None:
            shares[place] = line.order_discount
        rest -= shares[place]
    if rest == 0:
        return shares
    places = [place for place, line in enumerate(lines) if takes_discount(line)]
    weights = [_open_weight(lines[place], taken) for place in places]
    if rest < 0 or not any(weights):
        return None
    for place, share in zip(places, spread(rest, weights), strict=True):
        shares[place] += share
    return shares


def _open_weight(line: Line, taken: dict[str, Amounts]) -> int:
    weight = line.gross - line.discount
    return max(0, weight - taken[line.line_id][WEIGHT] if line.line_id in taken else weight)


def _edited(before: LineState | None, line: Line, share: int) -> LineState:
    """A line as an edit states it."""
    if before is None or before.terms.kind != line.kind:
        return place_line(line, share)
    stated = tax_components(line)
    held = {
        tax: taken or credited
        for tax, taken, credited in zip(before.terms.taxes, before.taken[FIRST_TAX:], before.credited[FIRST_TAX:], strict=True)
    }
    taxes = (*stated, *(tax for tax in held if held[tax] and tax not in stated))
    fixed = component_amounts(line, share, ())
    agreed = (*fixed, *(stated.get(tax, 0) for tax in taxes))
    return _reopened(_with_taxes(before, taxes), line_terms(line, taxes), line.quantity if before.has_units else 0, agreed)


def _with_taxes(line: LineState, taxes: tuple[TaxTerms, ...]) -> LineState:
    """The line with its component vectors in the order of `taxes`; components that are gone held nothing."""
    if taxes == line.terms.taxes:
        return line

    def arranged(amounts: Amounts) -> Amounts:
        return _arranged(amounts, line.terms.taxes, taxes)

    own = line.copy()
    own.open = own.open._replace(amounts=arranged(line.open.amounts))
    own.agreed, own.invoiced, own.cancelled = arranged(line.agreed), arranged(line.invoiced), arranged(line.cancelled)
    own.credited = arranged(line.credited)
    own.shipped = tuple([block._replace(credits=block.credits._replace(amounts=arranged(block.credits.amounts))) for block in line.shipped])
    return own


def _arranged(amounts: Amounts, before: tuple[TaxTerms, ...], after: tuple[TaxTerms, ...]) -> Amounts:
    """A component vector whose taxes stand as in `after`."""
    taxes = dict(zip(before, amounts[FIRST_TAX:], strict=True))
    return (*amounts[:FIRST_TAX], *(taxes.get(tax, 0) for tax in after))


def rearranged_shipments(order: OrderState, lines: dict[str, LineState]) -> tuple[Shipment, ...]:
    """The shipments with what they took of charges as component vectors of `lines`, the lines after an edit."""
    return tuple(
        [shipment._replace(charges=tuple([_rearranged(*one, order, lines) for one in shipment.charges])) for shipment in order.shipments]
    )


def _rearranged(line_id: str, amounts: Amounts, order: OrderState, lines: dict[str, LineState]) -> tuple[str, Amounts]:
    return line_id, _arranged(amounts, order.lines[line_id].terms.taxes, lines[line_id].terms.taxes)


def _reopened(before: LineState, terms: LineTerms, units: int, agreed: Amounts) -> LineState:
    """The line with a new open block of what is agreed and not taken; a charge gets its units by `spread_charges`."""
    line = before.copy()
    open_units = units - before.taken_units
    line.terms, line.units, line.agreed = terms, units, agreed
    line.open = Block(open_units, 0, less(agreed, before.taken))
    return line


def _settled(lines: dict[str, LineState]) -> EditPlan | EditFault:
    """The plan of reopened lines; a fault where less than nothing would be open, or amounts had no unit to carry them."""
    joins: list[tuple[str, Amounts]] = []
    for line_id, line in lines.items():
        rest = line.open.amounts
        if line.terms.kind != "ROUNDING" and (line.open.units < 0 or min(*rest[:WEIGHT], *rest[FIRST_TAX:]) < 0):
            return EditFault(_below_taken(line_id, line))
        if line.has_units and line.open.units == 0 and any((*rest[:ORDER_DISCOUNT], *rest[FIRST_TAX:])):
            if not line.shipped:
                return EditFault(named(reason="amount_without_unit", line_id=line_id, beyond=gross_of(rest)))
            joins.append((line_id, rest))
            line.open = Block(0, 0, zeros(rest))
            line.shipped = (*line.shipped[:-1], line.shipped[-1].join(rest))
    spread_charges(lines)
    return EditPlan(lines, tuple(joins))


def _below_taken(line_id: str, line: LineState) -> Parameters:
    """What a line would have too little of: units, net, discount or a tax."""
    taken = line.taken
    if line.open.units < 0:
        return named(reason="units_below_taken", line_id=line_id, wanted=line.units, taken=line.units - line.open.units)
    names = ["net", "discount", "discount", "", *(tax_name(*tax.cap_key) for tax in line.terms.taxes)]
    place = next(i for i, amount in enumerate(line.open.amounts) if amount < 0 and names[i])
    return named(reason="amount_below_taken", line_id=line_id, component=names[place], amount=line.agreed[place], taken=taken[place])
