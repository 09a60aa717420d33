"""OrderEdited and ExchangeCreated: the open blocks are made anew; what joins a shipped block is invoiced at once."""

from asiento.accounting.blocks import gross_of
from asiento.accounting.booking import Booking, InvariantBroken
from asiento.accounting.charges import settle_charges_without_units
from asiento.accounting.editing import EditPlan, rearranged_shipments
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_events import ExchangeCreated, OrderEdited
from asiento.accounting.placement import stated_lines
from asiento.accounting.posting_rules.order_placed import fiscal_data, warn_of_lines


def post_edit(event: OrderEdited | ExchangeCreated, booking: Booking, plan: EditPlan) -> None:
    """`invoice` of what joined shipped blocks and of charges without units to follow, `apply`."""
    order = booking.order
    order.shipments = rearranged_shipments(order, plan.lines)
    order.lines = plan.lines
    order.totals.agreed = sum([gross_of(line.agreed) for line in order.lines.values()])
    if isinstance(event, OrderEdited):
        order.order_revision = event.order_revision
        if order.totals.agreed != event.total:
            raise InvariantBroken(f"order {event.order_key}: components add up to {order.totals.agreed}, not to the total {event.total}")
    order.placement = booking.placement._replace(fiscal=fiscal_data(event, booking.placement.fiscal))
    invoice = Invoice(booking)
    for line_id, amounts in plan.joins:
        invoice.add(order.lines[line_id], amounts, 0)
    if not order.units_are_open and order.shipment_stands:
        settle_charges_without_units(booking, invoice, cancel=False)
    invoice.enter()
    booking.apply()
    warn_of_lines(event, stated_lines(event), booking.policy, booking.findings)
