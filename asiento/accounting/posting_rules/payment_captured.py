"""PaymentCaptured: money received stands on its clearing account and is held, or settles what is owed."""

from asiento.accounting.accounts import PSP_FEES, PSP_TENDERS, tender_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import PaymentCaptured
from asiento.accounting.order_state import Payment
from asiento.accounting.particulars import named


def post_capture(event: PaymentCaptured, booking: Booking) -> None:
    """`capture`, then `fee` where the policy takes fees from captures of this kind; raises D08 by making it true."""
    order, placement = booking.order, booking.placement
    was_overpaid = order.totals.overpaid
    order.totals.captured += event.amount
    store = event.store or placement.store
    order.payments[event.payment_id] = Payment(event.tender, event.gateway, store, event.amount, event.fee)
    account = tender_account(event.tender, event.gateway, store)
    draft = Draft()
    draft.debit(account, event.amount, booking.dimensions)
    booking.move_customer_balances(draft)
    if event.amount:
        number = booking.next_document("PAYMENT")
        document = booking.document("PAYMENT", number, net=event.amount, tax=0)
        booking.enter("capture", draft, f"Payment {event.payment_id} captured by {event.gateway}", document=document)
    if event.fee and _fee_is_ours(event, booking):
        fee = Draft()
        fee.debit(PSP_FEES, event.fee, booking.dimensions)
        fee.credit(account, event.fee, booking.dimensions)
        booking.enter("fee", fee, f"Fee withheld from payment {event.payment_id}")
    if order.totals.overpaid and not was_overpaid and not booking.corrects:
        totals = order.totals
        worth = totals.agreed - totals.cancelled
        parameters = named(payment_id=event.payment_id, amount=event.amount, difference=totals.held - worth)
        booking.findings.follow("D08", "high", event, expected=worth, actual=totals.held, parameters=parameters)


def _fee_is_ours(event: PaymentCaptured, booking: Booking) -> bool:
    if event.tender in PSP_TENDERS:
        return booking.policy.fees_from("PSP") == "capture"
    if event.tender == "MARKETPLACE":
        return booking.policy.fees_from("MARKETPLACE") == "capture"
    return event.tender == "CASH_ON_DELIVERY" and booking.policy.fees_from("CARRIER") == "capture"
