"""Step 8: what each kind of event needs before it can post."""

import hashlib
import json

from asiento.accounting.decision import Conflict, Deferred
from asiento.accounting.order_events import CreditTax, OrderCancelled, OrderEvent, RefundIssued, RefundTender, ShipmentDispatched
from asiento.accounting.order_state import OrderState, Refund, Tender
from asiento.accounting.refund_plan import plan_refund

_STATUS_RANK = {"PENDING": 0, "SUCCEEDED": 1, "FAILED": 2}


def unmet_condition(event: OrderEvent, order: OrderState) -> Deferred | Conflict | None:
    """The first condition of the kind that does not hold, or None."""
    match event:
        case ShipmentDispatched():
            return _units_beyond_open([(line.line_id, line.quantity) for line in event.lines], order)
        case OrderCancelled():
            return _units_beyond_open([(line.line_id, line.quantity) for line in event.lines], order)
        case RefundIssued():
            return _unmet_by_refund(event, order)
        case _:
            return None


def _units_beyond_open(named: list[tuple[str, int]], order: OrderState) -> Deferred | None:
    wanted: dict[str, int] = {}
    for line_id, quantity in named:
        wanted[line_id] = wanted.get(line_id, 0) + quantity
    for line_id, quantity in wanted.items():
        line = order.lines.get(line_id)
        if line is None or not line.has_units or quantity > line.open.open_units:
            return Deferred("D11")
    return None


def _unmet_by_refund(event: RefundIssued, order: OrderState) -> Deferred | Conflict | None:
    known = order.refunds.get(event.refund_id)
    if known is None:
        _, code = plan_refund(event, order)
        if code:
            return Deferred(code)
    if not event.allow_over_refund and _money_is_missing(event, known, order):
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
