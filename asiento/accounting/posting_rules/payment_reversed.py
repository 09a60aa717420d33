"""PaymentReversed: money that was captured is gone again; what it settled is owed again."""

from asiento.accounting.accounts import tender_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import PaymentReversed
from asiento.accounting.recognition import payment_key


def post_payment_reversal(event: PaymentReversed, booking: Booking) -> None:
    """`capture_reversed`."""
    order = booking.order
    payment = order.payments[event.payment_id]
    order.payments[event.payment_id] = payment._replace(reversed=payment.reversed + event.amount)
    order.totals.captured -= event.amount
    order.booked.pop(payment_key(event.payment_id), None)
    draft = Draft()
    booking.move_customer_balances(draft)
    draft.credit(tender_account(payment.tender, payment.gateway, payment.store), event.amount, booking.dimensions)
    booking.enter("capture_reversed", draft, f"Payment {event.payment_id} reversed")
