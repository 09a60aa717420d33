"""Steps 4 to 9: judge an event that is not known yet, and post it where nothing stands in the way."""

from asiento.accounting.amount_limit import AMOUNT_LIMIT, largest_sum, passes_amount_limit
from asiento.accounting.booking import Booking
from asiento.accounting.conditions import UNMET, Plan, check_conditions
from asiento.accounting.correction import CORRECTABLE
from asiento.accounting.deadlines import UNREFUNDED, is_unpaid, is_unrefunded, is_unshipped, pass_deadline
from asiento.accounting.decision import Conflict, Deferred, Outcome, Posted, Rejected, Severity
from asiento.accounting.editing import check_edit, check_exchange
from asiento.accounting.facts import Fact
from asiento.accounting.findings import Findings
from asiento.accounting.invariants import check_invariants
from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.obstacles import obstacle
from asiento.accounting.order_events import (
    DeadlinePassed,
    ExchangeCreated,
    OrderEdited,
    OrderEvent,
    OrderPlaced,
    RefundIssued,
)
from asiento.accounting.order_state import OpenFinding, OrderState, Placement
from asiento.accounting.particulars import named
from asiento.accounting.placement import Refusal, check_lines, stated_lines
from asiento.accounting.policy import Policy
from asiento.accounting.posting_rules import place_order, post_event
from asiento.accounting.recognition import split_key
from asiento.accounting.suspense import clear_suspense

POSTED = Posted()
UNKNOWN_ORDER = Deferred("D27")
_OVER_REFUNDS: dict[Severity, str] = {"critical": "above_captures", "high": "with_open_disputes", "low": "allowed"}
"""Severity of a D10 of the totals -> the `reason` of its message."""


def judge(
    event: OrderEvent, fact: Fact, order: OrderState, policy: Policy, findings: Findings, *, overdue: bool = False
) -> tuple[Outcome, list[JournalEntry]]:
    """The outcome of an event against a state that is changed only where it posts; the entries it made.

    fact: what dedupe remembers of the event once it posts. overdue: its deadline passed, so that it waits for money (D10) no longer.
    """
    refused = _refuse(event, order, policy, findings)
    if refused is not None:
        return refused, []
    placement = order.placement
    if isinstance(event, OrderPlaced):
        return _judge_placement(event, fact, order, policy, findings), []
    if isinstance(event, DeadlinePassed):
        entries = pass_deadline(event, order, policy, findings)
        order.facts = order.facts.with_fact(fact)
        return POSTED, entries
    if placement is None:
        return UNKNOWN_ORDER, []
    if event.source_sequence is not None and event.source_sequence > order.next_number:
        return Deferred("D19"), []
    rules = policy.for_channel(placement.channel)
    plan = check_conditions(event, order, rules, overdue=overdue)
    if isinstance(plan, UNMET):
        _record_refusal(plan, event, order, rules, findings)
        return plan, []
    if passes_amount_limit(event, order, policy.amount_max):
        return _beyond_limit(event, order, policy, findings), []
    return POSTED, _post(Booking(event, order, placement, rules, findings), plan, fact)


def _judge_placement(event: OrderPlaced, fact: Fact, order: OrderState, policy: Policy, findings: Findings) -> Outcome:
    """An order needs nothing to be known but lines that are sound."""
    stated = stated_lines(event)
    tolerance = policy.total_tolerance_per_line
    refusal = check_lines(stated, prices_include_tax=event.prices_include_tax, tolerance_per_line=tolerance)
    if refusal is not None:
        return _refused_lines(refusal, event, findings)
    if passes_amount_limit(event, order, policy.amount_max):
        return _beyond_limit(event, order, policy, findings)
    place_order(event, stated, order, policy.for_channel(event.channel), findings)
    order.facts = order.facts.with_fact(fact)
    return POSTED


def _post(booking: Booking, plan: Plan | None, fact: Fact) -> list[JournalEntry]:
    event, order, findings = booking.event, booking.order, booking.findings
    lines_before = order.lines.copy()
    was_over = order.totals.refunded_beyond_captured + order.totals.disputed > 0
    pending_before = _pending_of(event, order)
    findings.resolve_waiting(event)
    entries = clear_suspense(event, order, booking.policy, findings) if order.suspended else []
    post_event(event, booking, plan)
    order.facts = order.facts.with_fact(fact)
    if split_key(fact.natural_key)[0] in CORRECTABLE:
        booking.keep_booked(fact.natural_key)
    if not was_over:
        _warn_of_over_refund(event, order, findings)
    if order.findings:
        settled = pending_before - _pending_of(event, order)
        findings.resolve([one for one in order.findings if not one.waits and _is_over(one, order, settled)], event)
    check_invariants(order, lines_before)
    return [*entries, *booking.entries]


def _refuse(event: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> Rejected | None:
    """Steps 4 and 6: what no waiting can heal."""
    currency, exponent = event.currency, event.currency_exponent
    if currency is not None:
        known = CURRENCY_EXPONENTS.get(currency)
        if known is None or (exponent is not None and exponent != known):
            parameters = named(currency=currency, reason="unknown_currency" if known is None else "wrong_exponent")
            findings.record("D24", "critical", event, expected=known, actual=exponent, parameters=parameters)
            return Rejected("D24")
    placement = order.placement
    if placement is None:
        return None
    if currency is not None and currency != placement.currency:
        parameters = named(currency=currency, order_currency=placement.currency, reason="other_currency")
        findings.record("D24", "critical", event, parameters=parameters)
        return Rejected("D24")
    if isinstance(event, OrderEdited | ExchangeCreated):
        refusal = _refuse_change(event, order, placement, policy)
        if refusal is not None:
            return _refused_lines(refusal, event, findings)
    return None


def _refuse_change(event: OrderEdited | ExchangeCreated, order: OrderState, placement: Placement, policy: Policy) -> Refusal | None:
    tolerance = policy.total_tolerance_per_line
    if isinstance(event, OrderEdited):
        return check_edit(event, order, prices_include_tax=placement.prices_include_tax, tolerance_per_line=tolerance)
    return check_exchange(event, order, prices_include_tax=placement.prices_include_tax, tolerance_per_line=tolerance)


def _refused_lines(refusal: Refusal, event: OrderEvent, findings: Findings) -> Rejected:
    findings.record(refusal.code, "high", event, expected=refusal.expected, actual=refusal.actual, parameters=refusal.parameters)
    return Rejected(refusal.code)


def _record_refusal(outcome: Outcome, event: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> None:
    """A discrepancy for what a person has to mend; what waits is followed where it is parked."""
    if isinstance(outcome, Conflict | Rejected):
        found = obstacle(event, order, policy, outcome.code)
        findings.record(outcome.code, "high", event, expected=found.expected, actual=found.actual, parameters=found.parameters)


def _beyond_limit(event: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> Rejected:
    name, amount = largest_sum(event, order)
    findings.record(AMOUNT_LIMIT, "high", event, expected=policy.amount_max, actual=amount, parameters=named(sum=name))
    return Rejected(AMOUNT_LIMIT)


def _warn_of_over_refund(event: OrderEvent, order: OrderState, findings: Findings) -> None:
    """D10 of totals, once, by the event that makes it true."""
    beyond = order.totals.refunded_beyond_captured
    if beyond + order.totals.disputed <= 0:
        return
    allowed = isinstance(event, RefundIssued) and event.allow_over_refund
    totals = order.totals
    severity: Severity = "critical" if beyond > 0 and not allowed else "high" if totals.disputed else "low"
    parameters = named(
        reason=_OVER_REFUNDS[severity],
        difference=beyond + totals.disputed,
        refunded=totals.refunded + totals.pending,
        lost=totals.lost,
        disputed=totals.disputed,
    )
    actual = totals.captured + beyond + totals.disputed
    findings.follow("D10", severity, event, expected=totals.captured, actual=actual, parameters=parameters)


def _is_over(finding: OpenFinding, order: OrderState, settled: frozenset[str]) -> bool:
    """Whether the totals, or the tenders of its refund, no longer show a discrepancy."""
    totals = order.totals
    match finding.code:
        case "D08":
            return not totals.overpaid
        case "D10":
            return totals.refunded_beyond_captured + totals.disputed <= 0
        case "D16":
            return not is_unpaid(order)
        case "D17":
            return not is_unshipped(order)
        case "D28":
            return finding.event_id in settled
        case "D38":
            return not is_unrefunded(order) if UNREFUNDED in finding.parameters else totals.unexplained_refunds() == 0
        case _:
            return False


def _pending_of(event: OrderEvent, order: OrderState) -> frozenset[str]:
    """The events that named tenders of the event's refund pending: only this refund can settle them."""
    refund = order.refunds.get(event.refund_id) if isinstance(event, RefundIssued) else None
    return frozenset([tender.pending_event_id for _, tender in refund.tenders]) if refund is not None else frozenset()
