"""Step 8: what each kind of event needs before it can post."""

import hashlib
import json
from typing import TypeAlias

from asiento.accounting.accounts import CUSTOMER_ACCOUNTS
from asiento.accounting.correction import can_be_undone, undo_fact, undo_fault
from asiento.accounting.decision import Conflict, Deferred, Ignored, Rejected
from asiento.accounting.editing import EditFault, plan_edit, plan_exchange
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
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentReversed,
    PaymentVoided,
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
from asiento.accounting.refund_plan import plan_refund
from asiento.accounting.return_plan import plan_return
from asiento.accounting.undoing import is_shipment_needed, position_of, recoverable

Unmet: TypeAlias = Deferred | Conflict | Rejected | Ignored
_STATUS_RANK = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}
_UNKNOWN = Deferred("D27")
_TOO_MUCH = Deferred("D11")
_CANNOT = Rejected("D11")
_STALE_EDIT = Ignored("stale_edit")
_OTHER_FEE_SOURCE = Ignored("other_fee_source")


def unmet_condition(event: OrderEvent, order: OrderState, policy: Policy, *, overdue: bool = False) -> Unmet | None:
    """The first condition of the kind that does not hold, or None. overdue: it waits for money (D10) no longer."""
    match event:
        case PaymentCaptured() | PaymentAuthorized() | PaymentVoided() | PaymentFailed():
            return None
        case ShipmentDispatched() | OrderCancelled():
            return _units_beyond_open([(line.line_id, line.quantity) for line in event.lines], order)
        case RefundIssued():
            return _unmet_by_refund(event, order, overdue=overdue)
        case OrderEdited():
            if order.order_revision is not None and event.order_revision <= order.order_revision:
                return _STALE_EDIT
            return _CANNOT if isinstance(plan_edit(event, order), EditFault) else None
        case ExchangeCreated():
            return _CANNOT if isinstance(plan_exchange(event, order), EditFault) else None
        case ReturnReceived():
            _, code = plan_return(event, order)
            return Deferred(code) if code else None
        case EventCorrected():
            return _unmet_by_correction(event, order, policy)
        case FeeCharged():
            return _unmet_by_fee(event, order, policy)
        case JournalPosted():
            return None if _is_sound(event) else Rejected("D06")
        case _:
            return _unmet_by_news(event, order)


def _unmet_by_news(event: OrderEvent, order: OrderState) -> Unmet | None:
    """Events about one payment, shipment, dispute or the receivable."""
    match event:
        case PaymentReversed():
            payment = order.payments.get(event.payment_id)
            if payment is None:
                return _UNKNOWN
            return _TOO_MUCH if event.amount > payment.amount - payment.reversed else None
        case ChargebackOpened():
            return None if event.payment_id in order.payments else _UNKNOWN
        case ChargebackClosed():
            dispute = order.disputes.get(event.dispute_id)
            if dispute is None:
                return _UNKNOWN
            return _TOO_MUCH if event.amount_won > dispute.amount or event.fee_returned > dispute.fee else None
        case ShipmentDelivered():
            return None if position_of(event.shipment_id, order) is not None else _UNKNOWN
        case ShipmentCancelled():
            position = position_of(event.shipment_id, order)
            if position is None:
                return _UNKNOWN
            return _TOO_MUCH if not order.shipments[position].stands or is_shipment_needed(position, order) else None
        case ReceivableAdjusted():
            most = recoverable(order) if event.kind == "RECOVERY" else order.balances().accounts_receivable
            return _TOO_MUCH if adjusted_amount(event) > most else None
        case _:
            return None


def adjusted_amount(event: ReceivableAdjusted) -> int:
    """By how much the receivable changes: the amount and its taxes."""
    return event.amount + sum([tax.amount for tax in event.taxes])


def _unmet_by_fee(event: FeeCharged, order: OrderState, policy: Policy) -> Unmet | None:
    """Fees of an account kind are booked from one source: captures, or events."""
    payment = order.payments.get(event.payment_id) if event.payment_id is not None else None
    if event.payment_id is not None and payment is None and event.account_kind == "PSP":
        return _UNKNOWN
    from_events = policy.fees_from(event.account_kind) == "event"
    if from_events or event.payment_id is None or (payment is not None and payment.fee is None):
        return None
    return _OTHER_FEE_SOURCE


def _is_sound(event: JournalPosted) -> bool:
    """Whether an entry by hand balances and leaves the customer's accounts alone."""
    balance = sum([posting.amount if posting.side == "DEBIT" else -posting.amount for posting in event.postings])
    return balance == 0 and not any(posting.account in CUSTOMER_ACCOUNTS for posting in event.postings)


def _unmet_by_correction(event: EventCorrected, order: OrderState, policy: Policy) -> Unmet | None:
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
    return None if unmet_condition(replacement, trial, policy) is None else "replacement_cannot_post"


def _can_be_judged(replacement: OrderEvent, event: EventCorrected, placement: Placement | None) -> bool:
    """Whether the event in another's place would come as far as its own conditions: steps 1, 2 and 4 to 6."""
    if replacement.test_mode or (isinstance(replacement, FeeCharged) and replacement.estimate):
        return False
    if replacement.event_id == event.event_id or replacement.order_key != event.order_key:
        return False
    if placement is None or replacement.currency is None:
        return True
    return replacement.currency == placement.currency and replacement.currency_exponent in (None, placement.currency_exponent)


def _units_beyond_open(named: list[tuple[str, int]], order: OrderState) -> Deferred | None:
    wanted: dict[str, int] = {}
    for line_id, quantity in named:
        wanted[line_id] = wanted.get(line_id, 0) + quantity
    for line_id, quantity in wanted.items():
        line = order.lines.get(line_id)
        if line is None or not line.has_units or quantity > line.open.open_units:
            return Deferred("D11")
    return None


def _unmet_by_refund(event: RefundIssued, order: OrderState, *, overdue: bool) -> Deferred | Conflict | None:
    known = order.refunds.get(event.refund_id)
    if known is None:
        _, code = plan_refund(event, order)
        if code:
            return Deferred(code)
    if not (event.allow_over_refund or overdue) and _money_is_missing(event, known, order):
        return Deferred("D10")
    if known is not None and _differs(event, known):
        return Conflict("D22")
    return None


def _money_is_missing(event: RefundIssued, known: Refund | None, order: OrderState) -> bool:
    moved = tender_changes(event, known)
    if any(before is None and tender.payment_id is not None and tender.payment_id not in order.payments for tender, before in moved):
        return True
    raised = sum(raises(tender, before) for tender, before in moved)
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
    text = json.dumps([lines, adjustments], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _taxes(taxes: tuple[CreditTax, ...]) -> list[list[str | int]]:
    return [[tax.jurisdiction, tax.type, tax.code, tax.amount, tax.liable_party] for tax in taxes]
