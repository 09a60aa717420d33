"""ShipmentDispatched: revenue, taxes and charges of what left, and its cost."""

from asiento.accounting.blocks import NET, Block, ShippedBlock
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.charges import invoice_charges
from asiento.accounting.invoicing import Invoice
from asiento.accounting.money import cost_of_units
from asiento.accounting.order_events import ShipmentDispatched
from asiento.accounting.order_state import Shipment


def post_shipment(event: ShipmentDispatched, booking: Booking) -> None:
    """`invoice`, `apply`, `cost`."""
    order = booking.order
    position = len(order.shipments)
    warehouse = event.warehouse or "default"
    dimensions = (*booking.dimensions, ("warehouse", warehouse))
    invoice, costs = Invoice(booking), Draft()
    net = 0
    for shipped in event.lines:
        line = order.own_line(shipped.line_id)
        part, line.open = line.open.take(shipped.quantity)
        unit_cost = shipped.unit_cost if shipped.unit_cost is not None else line.terms.unit_cost
        cost = None
        if unit_cost is not None:
            cost = cost_of_units(unit_cost, shipped.quantity, booking.placement.currency_exponent)
            category = line.terms.category
            with_category = (("category", category), *dimensions)
            costs.debit(f"cogs:{category}", cost, with_category)
            costs.credit(f"inventory:{warehouse}", cost, with_category)
        credits_ = Block(shipped.quantity, 0, part)
        line.shipped = (*line.shipped, ShippedBlock(position, shipped.quantity, credits_, 0, cost, line.terms.category))
        invoice.add(line, part, shipped.quantity)
        net += part[NET]
    charges = invoice_charges(booking, invoice, net)
    invoice.enter()
    order.shipments = (*order.shipments, Shipment(event.shipment_id, invoice.number, event.warehouse, charges))
    booking.apply()
    booking.enter("cost", costs, f"Cost of shipment {event.shipment_id}")
