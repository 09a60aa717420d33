"""Cancelling open units, by an order's cancellation or by a refund of units that were never shipped."""

from asiento.accounting.blocks import NET
from asiento.accounting.booking import Booking
from asiento.accounting.charges import cancel_amounts, cancel_duty, settle_charges_without_units
from asiento.accounting.invoicing import Invoice


def cancel_units(booking: Booking, units: list[tuple[str, int]], invoice: Invoice, *, cancel_charges: bool, named: bool) -> None:
    """Cancel `units` (line_id, micro-units) that are open; `named`: a refund names them at once.

    When no unit stays open, the rest of the charges is cancelled where no shipment stands or it is asked for,
    else invoiced.
    """
    order = booking.order
    net = 0
    for line_id, count in units:
        line = order.own_line(line_id)
        part, line.open = line.open.take(count)
        cancel_amounts(order, line, part)
        line.cancelled_units += count
        if named:
            line.named_units += count
        net += part[NET]
    cancel_duty(order, net)
    if not order.units_are_open:
        settle_charges_without_units(booking, invoice, cancel=cancel_charges or not order.shipment_stands)
