"""ReturnReceived: the cost of units that came back, at which they left."""

from asiento.accounting.accounts import returned_stock_account
from asiento.accounting.booking import Booking, Draft
from asiento.accounting.order_events import ReturnReceived
from asiento.accounting.return_plan import PlannedReturn, returned_parts


def post_return(event: ReturnReceived, booking: Booking, plan: PlannedReturn) -> None:
    """`return_stock`."""
    order = booking.order
    warehouse = event.warehouse or "default"
    dimensions = (*booking.dimensions, ("warehouse", warehouse))
    draft = Draft()
    for stated, places in plan:
        line = order.own_line(stated.line_id)
        blocks = list(line.shipped)
        account = returned_stock_account(stated.disposition, warehouse)
        for place, units in places:
            category = blocks[place].category
            cost, blocks[place] = blocks[place].take_back(units)
            with_category = (("category", category), *dimensions)
            draft.debit(account, cost, with_category)
            draft.credit(f"cogs:{category}", cost, with_category)
        line.shipped = tuple(blocks)
    order.returns[event.return_id] = returned_parts(plan, order)
    booking.enter("return_stock", draft, f"Stock of return {event.return_id}")
