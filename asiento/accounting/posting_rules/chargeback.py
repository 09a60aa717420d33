"""Chargebacks: disputed money is a receivable from the provider until the dispute is decided."""

from asiento.accounting.accounts import DISPUTE_FEES, DISPUTE_RECEIVABLE, tender_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import ChargebackClosed, ChargebackOpened
from asiento.accounting.order_state import Dispute
from asiento.accounting.recognition import payment_key


def post_chargeback(event: ChargebackOpened, booking: Booking) -> None:
    """`chargeback`: the funds and the fee left the account where the payment stands."""
    order = booking.order
    payment = order.payments[event.payment_id]
    account = tender_account(payment.tender, payment.gateway, payment.store)
    order.disputes[event.dispute_id] = Dispute(event.payment_id, account, event.amount, event.fee)
    order.totals.disputed += event.amount
    order.booked.pop(payment_key(event.payment_id), None)
    draft = Draft()
    draft.debit(DISPUTE_RECEIVABLE, event.amount, booking.dimensions)
    draft.debit(DISPUTE_FEES, event.fee, booking.dimensions)
    draft.credit(account, event.amount + event.fee, booking.dimensions)
    booking.enter("chargeback", draft, f"Dispute {event.dispute_id} of payment {event.payment_id}")


def close_chargeback(event: ChargebackClosed, booking: Booking) -> None:
    """`chargeback_closed`: what was won came back; what was lost is the customer's debt paid, or a loss."""
    order = booking.order
    dispute = order.disputes[event.dispute_id]
    order.disputes[event.dispute_id] = dispute._replace(closed=True)
    order.totals.disputed -= dispute.amount
    order.totals.lost += dispute.amount - event.amount_won
    draft = Draft()
    draft.debit(dispute.account, event.amount_won + event.fee_returned, booking.dimensions)
    booking.move_customer_balances(draft)
    draft.credit(DISPUTE_RECEIVABLE, dispute.amount, booking.dimensions)
    draft.credit(DISPUTE_FEES, event.fee_returned, booking.dimensions)
    booking.enter("chargeback_closed", draft, f"Dispute {event.dispute_id} closed: {event.outcome.lower()}")
