"""DeadlinePassed: what a time-out shows of an order, and what it does to an event that waits."""

from asiento.accounting.findings import Findings
from asiento.accounting.journal import JournalEntry
from asiento.accounting.obstacles import obstacle
from asiento.accounting.order_events import DeadlinePassed
from asiento.accounting.order_state import OrderState, Parked
from asiento.accounting.particulars import named
from asiento.accounting.policy import Policy
from asiento.accounting.suspense import money_legs, suspend

UNREFUNDED = ("deadline", "UNREFUNDED")
"""The parameter that tells the D38 of a deadline from that of a refund."""


def pass_deadline(event: DeadlinePassed, order: OrderState, policy: Policy, findings: Findings) -> list[JournalEntry]:
    """Warn of what is overdue, or move on the waiting event that the deadline is about; the entries of its suspense."""
    if event.kind == "PARKED":
        waiting = waiting_for(event, order)
        return _pass_waiting(event, waiting, order, policy, findings) if waiting is not None else []
    totals, balances = order.totals, order.balances()
    if event.kind == "UNPAID" and is_unpaid(order):
        findings.follow("D16", "high", event, expected=0, actual=balances.accounts_receivable)
    elif event.kind == "UNSHIPPED" and is_unshipped(order):
        findings.follow("D17", "medium", event, expected=totals.open, actual=totals.held)
    elif event.kind == "UNREFUNDED" and is_unrefunded(order):
        difference = balances.refunds_payable - totals.pending
        parameters = (UNREFUNDED, *named(difference=difference, reason="deadline"))
        findings.follow("D38", "medium", event, expected=totals.pending, actual=balances.refunds_payable, parameters=parameters)
    return []


def waiting_for(event: DeadlinePassed, order: OrderState) -> Parked | None:
    """The waiting event that a deadline is about; None where it waits no longer."""
    return next((parked for parked in order.parked if parked.event.event_id == event.about_event_id), None)


def _pass_waiting(event: DeadlinePassed, waiting: Parked, order: OrderState, policy: Policy, findings: Findings) -> list[JournalEntry]:
    match waiting.code:
        case "D27" if order.placement is None and money_legs(waiting.event):
            return suspend(event, waiting.event, order, policy, findings)
        case "D27":
            parameters = obstacle(waiting.event, order, policy, "D27").parameters
            findings.follow("D27", "high", waiting.event, waits=True, parameters=parameters)
        case "D19" if waiting.event.source_sequence is not None:
            order.give_up_numbers_below(waiting.event.source_sequence)
    return []


def would_move_on(waiting: Parked, order: OrderState) -> bool:
    """Whether a deadline would do anything about an event that waits: end its wait, or tell of it what was not told yet."""
    event_id = waiting.event.event_id
    match waiting.code:
        case "D27" if order.placement is None and money_legs(waiting.event):
            return event_id not in order.suspended
        case "D27":
            return not any(one.code == "D27" and one.event_id == event_id for one in order.findings)
        case code:
            return code in {"D10", "D19"}


def is_unpaid(order: OrderState) -> bool:
    """Shipped goods of a prepaid order are not paid (D16)."""
    placement = order.placement
    prepaid = placement is not None and placement.terms == "PREPAID"
    return prepaid and order.shipment_stands and order.balances().accounts_receivable > 0


def is_unshipped(order: OrderState) -> bool:
    """Money is held for goods of which nothing was shipped (D17)."""
    return order.totals.held > 0 and order.totals.open > 0 and not order.shipment_stands


def is_unrefunded(order: OrderState) -> bool:
    """More is owed to the customer than is on its way (D38)."""
    return order.balances().refunds_payable > order.totals.pending
