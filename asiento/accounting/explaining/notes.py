"""What an event did to the lines of its order: shares of discounts, new blocks, cancelled parts, money without a reason."""

from collections.abc import Iterator

from asiento.accounting.allocation import spread
from asiento.accounting.blocks import NET, ORDER_DISCOUNT, gross_of
from asiento.accounting.decision import Judged
from asiento.accounting.explaining.figures import Figure, Part, Place, summed
from asiento.accounting.order_events import (
    ExchangeCreated,
    OrderEdited,
    OrderPlaced,
    RefundIssued,
    ShipmentCancelled,
)
from asiento.accounting.order_state import LineState
from asiento.accounting.placement import stated_lines, takes_discount
from asiento.accounting.refund_plan import plan_refund


def explain_lines(judged: Judged) -> tuple[Figure, ...]:
    """What an event did to lines beyond what its documents show."""
    found = [figure for figure in _notes(judged) if figure is not None]
    return tuple(
        [
            Figure(Place("event", number, one.place.component), one.amount, one.name, one.terms, one.values)
            for number, one in enumerate(found)
        ]
    )


def _notes(judged: Judged) -> Iterator[Figure | None]:
    event = judged.event
    match event:
        case OrderPlaced():
            yield from _shares(event)
            yield from _worth(event, judged)
        case OrderEdited() | ExchangeCreated() | ShipmentCancelled():
            yield from _new_blocks(judged)
        case RefundIssued():
            yield from _units(event, judged)
            yield from _unexplained(event, judged)
    yield from _cancelled(judged)


def _about(line_id: str) -> Place:
    return Place("event", 0, line_id)


def _shares(event: OrderPlaced) -> Iterator[Figure | None]:
    """Rule 1: D * w / W rounded down, the units left over to the largest remainders."""
    stated = stated_lines(event)
    rest = stated.discount - sum([line.order_discount or 0 for line in event.lines])
    weighed = [(line, max(0, line.gross - line.discount)) for line in event.lines if takes_discount(line)]
    whole = sum([weight for _, weight in weighed])
    if rest <= 0 or not whole:
        return
    for (line, weight), share in zip(weighed, spread(rest, [weight for _, weight in weighed]), strict=True):
        floor = rest * weight // whole
        figures = {"discount": rest, "weight": weight, "weights": whole, "floor": floor}
        name = "discount_share" if share == floor else "discount_share_up"
        yield summed(_about(line.line_id), share, name, [floor, share - floor], line_id=line.line_id, **figures)


def _worth(event: OrderPlaced, judged: Judged) -> Iterator[Figure | None]:
    """What each line is worth without tax."""
    for line in event.lines:
        known = judged.after.lines.get(line.line_id)
        if known is None:
            continue
        share = known.agreed[ORDER_DISCOUNT]
        included = sum([tax.amount for tax in line.taxes if tax.included])
        figures = {"gross": line.gross, "discount": line.discount, "share": share, "included": included}
        terms = [line.gross, -line.discount, -share, -included]
        yield summed(_about(line.line_id), known.agreed[NET], "net_of_line", terms, line_id=line.line_id, **figures)


def _new_blocks(judged: Judged) -> Iterator[Figure | None]:
    """The open block of each line that is new: what is agreed now and was not taken."""
    for line_id, line in judged.after.lines.items():
        before = judged.before.lines.get(line_id)
        if before is not None and before.open == line.open and before.agreed == line.agreed:
            continue
        joined = _joined(before, line)
        if joined is not None:
            yield joined
        elif line.open.taken == 0:
            now = line.taken[NET]
            values: dict[str, str | int] = {"line_id": line_id, "agreed": line.agreed[NET], "taken": now, "units": line.open.units}
            name = "new_block" if line.has_units else "new_charge_block"
            yield summed(_about(line_id), line.open.amounts[NET], name, [line.agreed[NET], -now], **values)


def _joined(before: LineState | None, line: LineState) -> Figure | None:
    """Amounts without an open unit join the line's last shipped block."""
    if before is None or not line.shipped or not before.shipped or line.shipped[-1] == before.shipped[-1]:
        return None
    old, new = before.shipped[-1].credits, line.shipped[-1].credits
    rest = old.rest()[NET]
    values: dict[str, str | int] = {"line_id": line.terms.line_id, "rest": rest, "units": new.units}
    return summed(_about(line.terms.line_id), new.amounts[NET], "joined_block", [rest, new.amounts[NET] - rest], **values)


def _units(event: RefundIssued, judged: Judged) -> Iterator[Figure | None]:
    """Where the units that a refund names come from."""
    if event.refund_id in judged.before.refunds:
        return
    for plan in plan_refund(event, judged.before)[0]:
        shipped = sum([count for _, count in plan.credits])
        values: tuple[tuple[str, str | int], ...] = (
            ("line_id", plan.stated.line_id),
            ("scope", plan.stated.scope),
            ("named", plan.named_units),
            ("shipped", shipped),
            ("open", plan.open_units),
        )
        yield Figure(_about(plan.stated.line_id), 0, "refunded_units", values=values)


def _unexplained(event: RefundIssued, judged: Judged) -> Iterator[Figure | None]:
    """e of Rule 4, where money went back that nothing explains, of the totals with all of the event counted but the allowance."""
    allowance = 0
    for entry in judged.entries:
        for line in entry.document.lines if entry.document is not None else ():
            if line.description == "ALLOWANCE" and not line.quantity:
                allowance += line.net + sum([tax.amount for tax in line.taxes])
    known = judged.before.refunds.get(event.refund_id)
    before = dict(known.tenders) if known is not None else {}
    new = sum([tender.amount for tender in event.tenders if tender.status != "FAILED" and tender.tender_id not in before])
    totals = judged.after.totals
    back, credited = totals.refunded + totals.pending, totals.credited - allowance
    unexplained = min(new, max(0, back - credited - totals.overpayment))
    if unexplained <= 0:
        return
    values = {"new": new, "back": back, "credited": credited, "overpayment": totals.overpayment, "allowance": allowance}
    yield Figure(_about("allowance"), unexplained, "unexplained", values=tuple(values.items()))


def _cancelled(judged: Judged) -> Iterator[Figure | None]:
    """Parts of open blocks that will never be invoiced."""
    for line_id, line in judged.after.lines.items():
        before = judged.before.lines.get(line_id)
        units = line.cancelled_units - before.cancelled_units if before is not None else 0
        if before is None or line.cancelled == before.cancelled or isinstance(judged.event, OrderEdited | ExchangeCreated):
            continue
        amount = line.cancelled[NET] - before.cancelled[NET]
        if units:
            part = Part(before.open.amounts[NET], before.open.units, before.open.taken, units)
            yield summed(_about(line_id), amount, "cancelled_part", [part], line_id=line_id, units=units)
        else:
            gross = gross_of(line.cancelled) - gross_of(before.cancelled)
            yield Figure(_about(line_id), amount, "cancelled_charge", values=(("line_id", line_id), ("gross", gross)))
