"""Steps 4 to 9: judge an event that is not known yet, and post it where nothing stands in the way."""

from asiento.accounting.amount_limit import AMOUNT_LIMIT, AMOUNT_MAX, passes_amount_limit
from asiento.accounting.blocks import added
from asiento.accounting.booking import Booking, InvariantBroken
from asiento.accounting.conditions import unmet_condition
from asiento.accounting.decision import Conflict, Deferred, Outcome, Posted, Rejected, Severity
from asiento.accounting.findings import Findings
from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import OrderEvent, OrderPlaced, RefundIssued
from asiento.accounting.order_state import NET_CAP, LineState, OrderState
from asiento.accounting.placement import check_lines
from asiento.accounting.policy import Policy
from asiento.accounting.posting_rules import place_order, post_event
from asiento.accounting.recognition import fact_of

POSTED = Posted()
UNKNOWN_ORDER = Deferred("D27")


def judge(event: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> tuple[Outcome, list[JournalEntry]]:
    """The outcome of an event against a state that is changed only where it posts; the entries it made."""
    refused = _refuse(event, order, findings)
    if refused is not None:
        return refused, []
    if isinstance(event, OrderPlaced):
        if passes_amount_limit(event, order):
            return _beyond_limit(event, findings), []
        place_order(event, order, findings)
        order.facts = order.facts.with_fact(fact_of(event))
        return POSTED, []
    if order.placement is None:
        return UNKNOWN_ORDER, []
    if event.source_sequence is not None and event.source_sequence > order.next_number:
        return Deferred("D19"), []
    unmet = unmet_condition(event, order)
    if isinstance(unmet, Conflict):
        findings.record(unmet.code, "high", event)
    if unmet is not None:
        return unmet, []
    if passes_amount_limit(event, order):
        return _beyond_limit(event, findings), []
    booking = Booking(event, order, order.placement, policy, findings)
    lines_before = order.lines.copy()
    was_over = order.totals.refunded_beyond_captured + order.totals.disputed > 0
    pending_before = _pending_of(event, order)
    findings.resolve_waiting(event)
    post_event(event, booking)
    order.facts = order.facts.with_fact(fact_of(event))
    if not was_over:
        _warn_of_over_refund(event, order, findings)
    _resolve_by_totals(event, order, findings, pending_before)
    _check_invariants(order, lines_before)
    return POSTED, booking.entries


def _refuse(event: OrderEvent, order: OrderState, findings: Findings) -> Rejected | None:
    """Steps 4 and 6: what no waiting can heal."""
    currency, exponent = event.currency, event.currency_exponent
    if currency is not None:
        known = CURRENCY_EXPONENTS.get(currency)
        if known is None or (exponent is not None and exponent != known):
            findings.record("D24", "critical", event, expected=known, actual=exponent, parameters=(("currency", currency),))
            return Rejected("D24")
    if isinstance(event, OrderPlaced):
        refusal = check_lines(event)
        if refusal is not None:
            reason = (("reason", refusal.reason),)
            findings.record(refusal.code, "high", event, expected=refusal.expected, actual=refusal.actual, parameters=reason)
            return Rejected(refusal.code)
    placement = order.placement
    if placement is not None and currency is not None and currency != placement.currency:
        parameters = (("currency", currency), ("order_currency", placement.currency))
        findings.record("D24", "critical", event, parameters=parameters)
        return Rejected("D24")
    return None


def _beyond_limit(event: OrderEvent, findings: Findings) -> Rejected:
    findings.record(AMOUNT_LIMIT, "high", event, expected=AMOUNT_MAX)
    return Rejected(AMOUNT_LIMIT)


def _warn_of_over_refund(event: OrderEvent, order: OrderState, findings: Findings) -> None:
    """D10 of totals, once, by the event that makes it true."""
    beyond = order.totals.refunded_beyond_captured
    if beyond + order.totals.disputed <= 0:
        return
    allowed = isinstance(event, RefundIssued) and event.allow_over_refund
    severity: Severity = "low" if allowed else "critical" if beyond > 0 else "high"
    findings.follow("D10", severity, event, expected=order.totals.captured, actual=order.totals.captured + beyond)


def _resolve_by_totals(event: OrderEvent, order: OrderState, findings: Findings, pending_before: frozenset[str]) -> None:
    """Close what the totals, or the tenders of the event's refund, no longer show."""
    if not order.findings:
        return
    totals = order.totals
    over = {
        "D08": not totals.overpaid,
        "D10": totals.refunded_beyond_captured + totals.disputed <= 0,
        "D28": False,
        "D38": totals.unexplained_refunds() == 0,
    }
    settled = pending_before - _pending_of(event, order)
    closed = [one for one in order.findings if not one.waits and (over[one.code] or (one.code == "D28" and one.event_id in settled))]
    findings.resolve(closed, event)


def _pending_of(event: OrderEvent, order: OrderState) -> frozenset[str]:
    """The events that named tenders of the event's refund pending: only this refund can settle them."""
    refund = order.refunds.get(event.refund_id) if isinstance(event, RefundIssued) else None
    return frozenset([tender.pending_event_id for _, tender in refund.tenders]) if refund is not None else frozenset()


def _check_invariants(order: OrderState, lines_before: dict[str, LineState]) -> None:
    """What must hold after every event, looked at where the event touched it. Nothing was booked when this raises."""
    if order.posted != order.balances():
        raise InvariantBroken(f"posted balances {order.posted} are not those of the totals {order.balances()}")
    if min(order.uncredited.values(), default=0) < 0:
        raise InvariantBroken(f"more was credited than invoiced: {order.uncredited}")
    for line_id, line in order.lines.items():
        if line is lines_before[line_id]:
            continue
        if added(added(line.invoiced, line.cancelled), line.open.rest()) != line.agreed:
            raise InvariantBroken(f"line {line_id}: invoiced + cancelled + open is not what was agreed")
        if line.terms.kind != "ROUNDING" and line.uncredited(NET_CAP) < 0:
            raise InvariantBroken(f"line {line_id}: more net was credited than invoiced")
