"""RefundIssued: the credit note for what is given back, then the money, tender by tender."""

from asiento.accounting.accounts import tender_account
from asiento.accounting.adjustments import adjust
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.cancellation import cancel_units
from asiento.accounting.conditions import raises, refund_content
from asiento.accounting.credits import CreditNote
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_events import RefundIssued, RefundTender
from asiento.accounting.order_state import Refund, Tender
from asiento.accounting.particulars import named
from asiento.accounting.refund_plan import LinePlan, RefundPlan


def post_refund(event: RefundIssued, booking: Booking, plan: RefundPlan) -> None:
    """`credit_note`, `invoice`, `apply`, then `refund` or `refund_reversed` per tender."""
    order = booking.order
    known = order.refunds.get(event.refund_id)
    changes = plan.tenders
    note, invoice = CreditNote(booking), Invoice(booking)
    if known is None:
        _credit_and_cancel(event, plan.lines, booking, note, invoice)
    unexplained = _count_tenders(changes, booking)
    if unexplained:
        _allow(event, booking, note, unexplained)
    note.enter(f"Credit for refund {event.refund_id}")
    invoice.enter()
    booking.apply()
    if note.beyond_caps:
        _report_excess(event, booking, note)
    credit_note = known.credit_note_number or note.number if known else note.number
    order.refunds[event.refund_id] = Refund(
        known.content if known else refund_content(event), credit_note, _tenders_after(event, known, changes)
    )
    for tender, before in changes:
        _move_money(event, booking, tender, before, credit_note)
    pending = [tender.amount for tender, _ in changes if tender.status == "PENDING"]
    if pending:
        booking.findings.follow("D28", "low", event, actual=sum(pending), parameters=named(refund_id=event.refund_id))


def _report_excess(event: RefundIssued, booking: Booking, note: CreditNote) -> None:
    """D10 of stated credits: the message names the first that a cap cut, and how many were."""
    first = note.beyond_caps[0]
    parameters = named(
        reason="beyond_cap",
        refund_id=event.refund_id,
        line_id=first.line_id,
        component=first.component,
        beyond=first.amount,
        places=len(note.beyond_caps),
    )
    beyond = sum([excess.amount for excess in note.beyond_caps])
    booking.findings.record("D10", "critical", event, expected=0, actual=beyond, parameters=parameters)


def _credit_and_cancel(event: RefundIssued, plans: list[LinePlan], booking: Booking, note: CreditNote, invoice: Invoice) -> None:
    """Crediting lines, adjustments, cancellations, in this order; the ROUNDING when nothing invoiced is left to credit."""
    for plan in plans:
        note.credit_units(plan)
        if plan.named_units:
            booking.order.own_line(plan.stated.line_id).named_units += plan.named_units
    for adjustment in event.adjustments:
        adjust(booking, adjustment, note, invoice)
    from_open = [(plan.stated.line_id, plan.open_units) for plan in plans if plan.open_units]
    if from_open:
        cancel_units(booking, from_open, invoice, cancel_charges=False, named=True)
    note.credit_rounding()


def _count_tenders(changes: list[tuple[RefundTender, Tender | None]], booking: Booking) -> int:
    """Count new tenders as pending and failed ones as gone; answers the refunded money that nothing explains."""
    totals = booking.order.totals
    new = came_back = 0
    for tender, before in changes:
        if before is None:
            totals.pending += tender.amount
            new += tender.amount
        elif tender.status == "FAILED":
            if before.status == "PENDING":
                totals.pending -= tender.amount
            else:
                came_back += tender.amount
    return min(new, totals.unexplained_refunds(came_back))


def _allow(event: RefundIssued, booking: Booking, note: CreditNote, unexplained: int) -> None:
    allowed = note.allow_unexplained(unexplained) if booking.policy.unexplained_refund == "allowance" else 0
    if unexplained > allowed:
        parameters = named(refund_id=event.refund_id, reason="refund", difference=unexplained - allowed)
        booking.findings.follow("D38", "medium", event, expected=allowed, actual=unexplained, parameters=parameters)


def _tenders_after(
    event: RefundIssued, known: Refund | None, changes: list[tuple[RefundTender, Tender | None]]
) -> tuple[tuple[str, Tender], ...]:
    tenders = dict(known.tenders) if known else {}
    for tender in event.tenders:
        tenders.setdefault(tender.tender_id, Tender(tender.amount, tender.status, "", tender.payment_id))
    for tender, _ in changes:
        pending_event_id = event.event_id if tender.status == "PENDING" else ""
        tenders[tender.tender_id] = Tender(tender.amount, tender.status, pending_event_id, tender.payment_id)
    return tuple(tenders.items())


def _move_money(event: RefundIssued, booking: Booking, tender: RefundTender, before: Tender | None, credit_note: int) -> None:
    totals = booking.order.totals
    draft = Draft()
    account = tender_account(tender.tender, tender.gateway, booking.placement.store)
    if tender.status == "SUCCEEDED":
        totals.pending -= tender.amount
        totals.refunded += tender.amount
        booking.move_customer_balances(draft)
        draft.credit(account, tender.amount, booking.dimensions)
        if tender.amount:
            number = booking.next_document("REFUND")
            refers_to = (booking.reference("CREDIT_NOTE", credit_note),) if credit_note else ()
            document = booking.document("REFUND", number, net=tender.amount, tax=0, refers_to=refers_to)
            booking.enter("refund", draft, f"Refund {event.refund_id} paid", part=tender.tender_id, document=document)
    elif before is not None and before.status == "SUCCEEDED":
        totals.refunded += raises(tender, before)
        draft.debit(account, tender.amount, booking.dimensions)
        booking.move_customer_balances(draft)
        booking.enter("refund_reversed", draft, f"Refund {event.refund_id} came back", part=tender.tender_id)
