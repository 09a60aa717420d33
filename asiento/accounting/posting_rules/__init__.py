"""Step 9: one posting rule per event, one module per rule."""

from asiento.accounting.booking import Booking
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
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
    ReturnReceived,
    ShipmentCancelled,
    ShipmentDelivered,
    ShipmentDispatched,
)
from asiento.accounting.posting_rules.chargeback import close_chargeback, post_chargeback
from asiento.accounting.posting_rules.event_corrected import correct_event
from asiento.accounting.posting_rules.fee_charged import post_fee
from asiento.accounting.posting_rules.journal_posted import post_journal
from asiento.accounting.posting_rules.order_cancelled import post_cancellation
from asiento.accounting.posting_rules.order_edited import post_edit
from asiento.accounting.posting_rules.order_placed import place_order
from asiento.accounting.posting_rules.payment_captured import post_capture
from asiento.accounting.posting_rules.payment_reversed import post_payment_reversal
from asiento.accounting.posting_rules.receivable_adjusted import post_adjustment
from asiento.accounting.posting_rules.refund_issued import post_refund
from asiento.accounting.posting_rules.return_received import post_return
from asiento.accounting.posting_rules.shipment_cancelled import cancel_shipment
from asiento.accounting.posting_rules.shipment_dispatched import post_shipment

__all__ = ["place_order", "post_event"]


def post_event(event: OrderEvent, booking: Booking) -> None:
    """Post an event of a known order whose conditions hold; raises TypeError for a type without a rule."""
    match event:
        case PaymentCaptured():
            post_capture(event, booking)
        case ShipmentDispatched():
            post_shipment(event, booking)
        case RefundIssued():
            post_refund(event, booking)
        case OrderCancelled():
            post_cancellation(event, booking)
        case OrderEdited() | ExchangeCreated():
            post_edit(event, booking)
        case PaymentReversed():
            post_payment_reversal(event, booking)
        case ReturnReceived():
            post_return(event, booking)
        case FeeCharged():
            post_fee(event, booking)
        case ChargebackOpened():
            post_chargeback(event, booking)
        case ChargebackClosed():
            close_chargeback(event, booking)
        case ReceivableAdjusted():
            post_adjustment(event, booking)
        case ShipmentCancelled():
            cancel_shipment(event, booking)
        case EventCorrected():
            correct_event(event, booking)
        case JournalPosted():
            post_journal(event, booking)
        case PaymentAuthorized() | PaymentVoided() | PaymentFailed() | ShipmentDelivered():
            pass
        case _:
            raise TypeError(f"{type(event).__name__} has no posting rule")
