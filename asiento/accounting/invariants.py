"""What must hold after every event, looked at where the event touched it."""

from asiento.accounting.blocks import NET, added
from asiento.accounting.booking import InvariantBroken
from asiento.accounting.order_state import LineState, OrderState


def check_invariants(order: OrderState, lines_before: dict[str, LineState]) -> None:
    """Raises `InvariantBroken` for a defect of ours; nothing was booked then."""
    if order.posted != order.balances():
        raise InvariantBroken(f"posted balances {order.posted} are not those of the totals {order.balances()}")
    if min(order.uncredited.values(), default=0) < 0:
        raise InvariantBroken(f"more was credited than invoiced: {order.uncredited}")
    for line_id, line in order.lines.items():
        if line is lines_before.get(line_id):
            continue
        if added(line.taken, line.open.rest()) != line.agreed:
            raise InvariantBroken(f"line {line_id}: invoiced + cancelled + open is not what was agreed")
        if line.terms.kind != "ROUNDING" and line.credited[NET] > line.invoiced[NET]:
            raise InvariantBroken(f"line {line_id}: more net was credited than invoiced")
