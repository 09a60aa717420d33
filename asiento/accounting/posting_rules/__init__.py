"""Step 9: one posting rule per event, one module per rule."""

from asiento.accounting.booking import Booking
from asiento.accounting.order_events import OrderCancelled, OrderEvent, PaymentCaptured, RefundIssued, ShipmentDispatched
from asiento.accounting.posting_rules.order_cancelled import post_cancellation
from asiento.accounting.posting_rules.order_placed import place_order
from asiento.accounting.posting_rules.payment_captured import post_capture
from asiento.accounting.posting_rules.refund_issued import post_refund
from asiento.accounting.posting_rules.shipment_dispatched import post_shipment

__all__ = ["place_order", "post_event"]


def post_event(event: OrderEvent, booking: Booking) -> None:
    """Post an event of a known order whose conditions hold; raises TypeError for a type without a rule."""
    match event:
        case PaymentCaptured():
            post_capture(event, booking)
        case ShipmentDispatched():
            post_shipment(event, booking)
        case OrderCancelled():
            post_cancellation(event, booking)
        case RefundIssued():
            post_refund(event, booking)
        case _:
            raise TypeError(f"{type(event).__name__} has no posting rule: the contract must refuse it before the core")
