"""Money of an order that stays unknown: it stands on suspense from the deadline on, until its event posts (D09)."""

from asiento.accounting.accounts import SUSPENSE, clearing_account, tender_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.conditions import tender_changes
from asiento.accounting.findings import Findings
from asiento.accounting.journal import JournalEntry
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.order_events import ChargebackOpened, DeadlinePassed, OrderEvent, PaymentCaptured, RefundIssued
from asiento.accounting.order_state import OrderState, Placement, Suspended
from asiento.accounting.particulars import named
from asiento.accounting.policy import Policy

UNASSIGNED = "unassigned"
"""Legal entity and channel of money whose order is unknown: nobody knows yet whose it is."""


def money_legs(event: OrderEvent) -> list[tuple[str, str, int]]:
    """(part, account, signed amount) of the money that an event says has moved; empty where it says nothing of money."""
    match event:
        case PaymentCaptured():
            return [("", tender_account(event.tender, event.gateway, event.store), event.amount)]
        case RefundIssued():
            paid = [tender for tender, _ in tender_changes(event, None) if tender.status == "SUCCEEDED"]
            return [(one.tender_id, tender_account(one.tender, one.gateway, None), -one.amount) for one in paid]
        case ChargebackOpened():
            return [("", clearing_account("PSP", event.gateway), -event.amount - event.fee)]
        case _:
            return []


def suspend(deadline: DeadlinePassed, waiting: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> list[JournalEntry]:
    """`suspense` of each money leg of a waiting event, once; D09."""
    if waiting.event_id in order.suspended:
        return []
    currency = waiting.currency or ""
    booking = _booking(deadline, currency, order, policy, findings)
    legs = money_legs(waiting)
    suspended = []
    for part, account, amount in legs:
        draft = Draft()
        draft.debit(account, amount, booking.dimensions)
        draft.credit(SUSPENSE, amount, booking.dimensions)
        entry_id = booking.enter("suspense", draft, f"Money of event {waiting.event_id}, whose order is unknown", part=part)
        if entry_id is not None:
            suspended.append(Suspended(part, entry_id, account, amount, currency))
    order.suspended[waiting.event_id] = tuple(suspended)
    accounts = ", ".join(sorted({account for _, account, _ in legs}))
    findings.follow("D09", "high", waiting, actual=sum([abs(amount) for _, _, amount in legs]), parameters=named(accounts=accounts))
    return booking.entries


def clear_suspense(event: OrderEvent, order: OrderState, policy: Policy, findings: Findings) -> list[JournalEntry]:
    """`suspense_clear` of what an event had on suspense; it posts now."""
    suspended = order.suspended.pop(event.event_id, None)
    if suspended is None:
        return []
    entries: list[JournalEntry] = []
    for part, entry_id, account, amount, currency in suspended:
        booking = _booking(event, currency, order, policy, findings)
        draft = Draft()
        draft.credit(account, amount, booking.dimensions)
        draft.debit(SUSPENSE, amount, booking.dimensions)
        booking.enter("suspense_clear", draft, "Its order is known now", part=part, reverses=entry_id)
        entries += booking.entries
    findings.resolve([one for one in order.findings if one.code == "D09" and one.event_id == event.event_id], event)
    return entries


def _booking(event: OrderEvent, currency: str, order: OrderState, policy: Policy, findings: Findings) -> Booking:
    """Entries of `event` in the currency of the money that waits, for nobody's books yet."""
    placement = Placement(
        legal_entity=UNASSIGNED,
        channel=UNASSIGNED,
        store=None,
        currency=currency,
        currency_exponent=CURRENCY_EXPONENTS[currency],
        terms="PREPAID",
        due_days=None,
        prices_include_tax=False,
        customer_ref=None,
        fiscal=(),
    )
    return Booking(event, order, placement, policy, findings)
