"""ShipmentCancelled: what its shipment booked is reversed; its units are open again."""

from asiento.accounting.booking import Booking
from asiento.accounting.order_events import ShipmentCancelled
from asiento.accounting.posting_rules.reversal import reverse_shipment
from asiento.accounting.recognition import shipment_key


def cancel_shipment(event: ShipmentCancelled, booking: Booking) -> None:
    """`reversal` of invoice and cost, `apply`."""
    reverse_shipment(shipment_key(event.shipment_id), event.shipment_id, booking)
    booking.apply()
