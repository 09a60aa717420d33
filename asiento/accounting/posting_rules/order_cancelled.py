"""OrderCancelled: open units will not be shipped; revenue is never touched."""

from asiento.accounting.booking import Booking
from asiento.accounting.cancellation import cancel_units
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_events import OrderCancelled


def post_cancellation(event: OrderCancelled, booking: Booking) -> None:
    """`invoice` of charges that are owed all the same, `apply`."""
    order = booking.order
    units = [(line.line_id, line.quantity) for line in event.lines]
    if not units:
        units = [(line_id, line.open.open_units) for line_id, line in order.lines.items() if line.has_units and line.open.open_units]
    invoice = Invoice(booking)
    cancel_units(booking, units, invoice, cancel_charges=event.cancel_charges, named=False)
    invoice.enter()
    booking.apply()
