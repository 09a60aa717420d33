"""Step 8: what each kind of event needs before it can post."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from asiento.accounting.accounts import CUSTOMER_ACCOUNTS
from asiento.accounting.correction import can_be_undone, undo_fact, undo_fault
from asiento.accounting.decision import Conflict, Deferred, Ignored, Rejected
from asiento.accounting.editing import EditFault, EditPlan, plan_edit, plan_exchange
from asiento.accounting.facts import Fact
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
    CreditTax,
    EventCorrected,
    ExchangeCreated,
    FeeCharged,
    JournalPosted,
    OrderCancelled,
    OrderEdited,
    OrderEvent,
    PaymentReversed,
    ReceivableAdjusted,
    RefundIssued,
    RefundTender,
    ReturnReceived,
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from asiento.accounting.order_state import OrderState, Placement, Refund, Tender
from asiento.accounting.policy import Policy
from asiento.accounting.recognition import is_taken, natural_key, split_key
from asiento.accounting.refund_plan import RefundPlan, plan_refund
from asiento.accounting.return_plan import PlannedReturn, plan_return
from asiento.accounting.undoing import is_shipment_needed, position_of, recoverable

Unmet: TypeAlias = Deferred | Conflict | Rejected | Ignored
UNMET = (Deferred, Conflict, Rejected, Ignored)
"""The outcomes of `Unmet`, for isinstance."""

Plan: TypeAlias = RefundPlan | PlannedReturn | EditPlan
"""What the conditions of an event work out and its posting goes by."""

_compact_json = json.JSONEncoder(separators=(",", ":")).encode
_STATUS_RANK = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}
_UNKNOWN = Deferred("D27")
_TOO_MUCH = Deferred("D11")
_CANNOT = Rejected("D11")
_STALE_EDIT = Ignored("stale_edit")
_OTHER_FEE_SOURCE = Ignored("other_fee_source")


def check_conditions(event: OrderEvent, order: OrderState, policy: Policy, *, overdue: bool = False) -> Unmet | Plan | None:
    """The first condition of the kind that does not hold; else the plan of its posting, None where the event says it all.

    overdue: it waits for money (D10) no longer.
    """
    check = _CHECKS.get(type(event))
    if check is not None:
        return check(event, order)
    match event:
        case RefundIssued():
            return _check_refund(event, order, overdue=overdue)
        case EventCorrected():
            return _check_correction(event, order, policy)
        case FeeCharged():
            return _check_fee(event, order, policy)
        case _:
            return None


def _check_units(event: ShipmentDispatched | OrderCancelled, order: OrderState) -> Unmet | None:
    wanted: dict[str, int] = {}
    for named in event.lines:
        wanted[named.line_id] = wanted.get(named.line_id, 0) + named.quantity
    for line_id, quantity in wanted.items():
        line = order.lines.get(line_id)
        if line is None or not line.has_units or quantity > line.open.open_units:
            return _TOO_MUCH
    return None


def _check_edit(event: OrderEdited, order: OrderState) -> Unmet | EditPlan:
    if order.order_revision is not None and event.order_revision <= order.order_revision:
        return _STALE_EDIT
    plan = plan_edit(event, order)
    return _CANNOT if isinstance(plan, EditFault) else plan


def _check_exchange(event: ExchangeCreated, order: OrderState) -> Unmet | EditPlan:
    plan = plan_exchange(event, order)
    return _CANNOT if isinstance(plan, EditFault) else plan


def _check_return(event: ReturnReceived, order: OrderState) -> Unmet | PlannedReturn:
    plan, code = plan_return(event, order)
    return Deferred(code) if code else plan


def _check_payment_reversal(event: PaymentReversed, order: OrderState) -> Unmet | None:
    payment = order.payments.get(event.payment_id)
    if payment is None:
        return _UNKNOWN
    return _TOO_MUCH if event.amount > payment.amount - payment.reversed else None


def _check_chargeback(event: ChargebackOpened, order: OrderState) -> Unmet | None:
    return None if event.payment_id in order.payments else _UNKNOWN


def _check_chargeback_end(event: ChargebackClosed, order: OrderState) -> Unmet | None:
    dispute = order.disputes.get(event.dispute_id)
    if dispute is None:
        return _UNKNOWN
    return _TOO_MUCH if event.amount_won > dispute.amount or event.fee_returned > dispute.fee else None


def _check_delivery(event: ShipmentDelivered, order: OrderState) -> Unmet | None:
    return None if position_of(event.shipment_id, order) is not None else _UNKNOWN


def _check_shipment_end(event: ShipmentCancelled, order: OrderState) -> Unmet | None:
    position = position_of(event.shipment_id, order)
    if position is None:
        return _UNKNOWN
    return _TOO_MUCH if not order.shipments[position].stands or is_shipment_needed(position, order) else None


def _check_adjustment(event: ReceivableAdjusted, order: OrderState) -> Unmet | None:
    most = recoverable(order) if event.kind == "RECOVERY" else order.balances().accounts_receivable
    return _TOO_MUCH if adjusted_amount(event) > most else None


def _check_journal(event: JournalPosted, _: OrderState) -> Unmet | None:
    """An entry by hand balances and leaves the customer's accounts alone."""
    balance = sum([posting.amount if posting.side == "DEBIT" else -posting.amount for posting in event.postings])
    is_sound = balance == 0 and not any(posting.account in CUSTOMER_ACCOUNTS for posting in event.postings)
    return None if is_sound else Rejected("D06")


_CHECKS: dict[type[OrderEvent], Callable[[Any, OrderState], Unmet | Plan | None]] = {
    ShipmentDispatched: _check_units,
    OrderCancelled: _check_units,
    OrderEdited: _check_edit,
    ExchangeCreated: _check_exchange,
    ReturnReceived: _check_return,
    PaymentReversed: _check_payment_reversal,
    ChargebackOpened: _check_chargeback,
    ChargebackClosed: _check_chargeback_end,
    ShipmentDelivered: _check_delivery,
    ShipmentCancelled: _check_shipment_end,
    ReceivableAdjusted: _check_adjustment,
    JournalPosted: _check_journal,
}
"""Event -> what it needs of its order alone; a table, since a chain of cases costs each event the ones before it."""


def adjusted_amount(event: ReceivableAdjusted) -> int:
    """By how much the receivable changes: the amount and its taxes."""
    return event.amount + sum([tax.amount for tax in event.taxes])


def _check_fee(event: FeeCharged, order: OrderState, policy: Policy) -> Unmet | None:
    """Fees of an account kind are booked from one source: captures, or events."""
    payment = order.payments.get(event.payment_id) if event.payment_id is not None else None
    if event.payment_id is not None and payment is None and event.account_kind == "PSP":
        return _UNKNOWN
    from_events = policy.fees_from(event.account_kind) == "event"
    if from_events or event.payment_id is None or (payment is not None and payment.fee is None):
        return None
    return _OTHER_FEE_SOURCE


def _check_correction(event: EventCorrected, order: OrderState, policy: Policy) -> Unmet | None:
    original = order.facts.find("event_id", event.supersedes_event_id)
    if original is None:
        return _UNKNOWN
    return _CANNOT if correction_fault(event, original, order, policy) else None


def correction_fault(event: EventCorrected, original: Fact, order: OrderState, policy: Policy) -> str | None:
    """Why an event cannot be corrected so, as the `reason` of its D11; None where it can."""
    if not can_be_undone(original, order):
        return undo_fault(original, order)
    replacement = event.replacement
    if replacement is None:
        return None
    if split_key(natural_key(replacement))[0] != split_key(original.natural_key)[0]:
        return "replacement_other_kind"
    if is_taken(replacement, order, original, correction_id=event.event_id):
        return "replacement_known"
    if not _can_be_judged(replacement, event, order.placement):
        return "replacement_unfit"
    trial = order.copy()
    undo_fact(original.natural_key, trial)
    return "replacement_cannot_post" if isinstance(check_conditions(replacement, trial, policy), UNMET) else None


def _can_be_judged(replacement: OrderEvent, event: EventCorrected, placement: Placement | None) -> bool:
    """Whether the event in another's place would come as far as its own conditions: steps 1, 2 and 4 to 6."""
    if replacement.test_mode or (isinstance(replacement, FeeCharged) and replacement.estimate):
        return False
    if replacement.event_id == event.event_id or replacement.order_key != event.order_key:
        return False
    if placement is None or replacement.currency is None:
        return True
    return replacement.currency == placement.currency and replacement.currency_exponent in (None, placement.currency_exponent)


def _check_refund(event: RefundIssued, order: OrderState, *, overdue: bool) -> Unmet | RefundPlan:
    known = order.refunds.get(event.refund_id)
    lines, code = plan_refund(event, order) if known is None else ([], None)
    if code:
        return Deferred(code)
    changes = tender_changes(event, known)
    if not (event.allow_over_refund or overdue) and _money_is_missing(changes, order):
        return Deferred("D10")
    if known is not None and _differs(event, known):
        return Conflict("D22")
    return RefundPlan(lines, changes)


def _money_is_missing(changes: list[tuple[RefundTender, Tender | None]], order: OrderState) -> bool:
    raised = 0
    for tender, before in changes:
        if before is None and tender.payment_id is not None and tender.payment_id not in order.payments:
            return True
        raised += raises(tender, before)
    return raised > 0 and order.totals.refunded_beyond_captured + raised > 0


def tender_changes(event: RefundIssued, known: Refund | None) -> list[tuple[RefundTender, Tender | None]]:
    """Tenders whose status this event moves on, with what was known of each; new ones that FAILED at once change nothing."""
    before = dict(known.tenders) if known is not None else {}
    changes: list[tuple[RefundTender, Tender | None]] = []
    seen: set[str] = set()
    for tender in event.tenders:
        earlier = before.get(tender.tender_id)
        repeated = tender.tender_id in seen
        seen.add(tender.tender_id)
        if repeated or (earlier is None and tender.status == "FAILED"):
            continue
        if earlier is None or _STATUS_RANK[tender.status] > _STATUS_RANK[earlier.status]:
            changes.append((tender, earlier))
    return changes


def raises(tender: RefundTender, before: Tender | None) -> int:
    """By how much a change raises refunded and pending money together; negative where it lowers them."""
    if before is None:
        return tender.amount
    return -tender.amount if tender.status == "FAILED" else 0


def _differs(event: RefundIssued, known: Refund) -> bool:
    amounts = {tender_id: tender.amount for tender_id, tender in known.tenders}
    return known.content != refund_content(event) or any(
        amounts.get(tender.tender_id, tender.amount) != tender.amount for tender in event.tenders
    )


def refund_content(event: RefundIssued) -> str:
    """A digest of lines and adjustments, by which a refund that is sent again is compared with its first form."""
    lines = [
        [line.line_id, line.quantity, line.scope, line.shipment_id, line.net, _taxes(line.taxes) if line.taxes is not None else None]
        for line in event.lines
    ]
    adjustments = [[one.kind, one.amount, one.line_id, _taxes(one.taxes)] for one in event.adjustments]
    return hashlib.sha256(_compact_json([lines, adjustments]).encode()).hexdigest()[:32]


def _taxes(taxes: tuple[CreditTax, ...]) -> list[list[str | int]]:
    return [[tax.jurisdiction, tax.type, tax.code, tax.amount, tax.liable_party] for tax in taxes]
