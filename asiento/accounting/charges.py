"""Rule 3: how charge lines (shipping, fee, tip, duty, deposit) and the ROUNDING follow the units."""

from asiento.accounting.blocks import NET, WEIGHT, Amounts, Block, added, gross_of, less, zeros
from asiento.accounting.booking import Booking
from asiento.accounting.invoicing import Invoice
from asiento.accounting.order_state import LineState, OrderState
from asiento.accounting.policy import ChargesRule


def charge_lines(order: OrderState) -> list[str]:
    """Ids of the charge lines, in the order's order, without ROUNDING."""
    return [line_id for line_id, line in order.lines.items() if line.is_charge]


def invoice_charges(booking: Booking, invoice: Invoice, net_invoiced: int) -> tuple[tuple[str, Amounts], ...]:
    """Add to a shipment's invoice what the charges and the ROUNDING owe it; answers (line_id, amounts) of each."""
    order = booking.order
    all_gone = not order.units_are_open
    taken: list[tuple[str, Amounts]] = []
    for line_id, line in order.lines.items():
        if line.has_units or not any(line.open.rest()):
            continue
        count = None if all_gone or line.terms.kind == "ROUNDING" else _units_due(line.open, booking.policy.charges, net_invoiced)
        if count == 0:
            continue
        amounts = _take(order.own_line(line_id), count)
        invoice.add(order.lines[line_id], amounts, 0)
        taken.append((line_id, amounts))
    return tuple(taken)


def _units_due(block: Block, rule: ChargesRule, net_invoiced: int) -> int | None:
    """How many units of a charge block a shipment takes while units stay open; None = the rest."""
    if rule == "last_shipment":
        return 0
    if rule == "first_shipment" or block.units == 0:
        return None
    return min(net_invoiced, block.open_units)


def _take(line: LineState, count: int | None) -> Amounts:
    if count is None:
        amounts, line.open = line.open.rest(), line.open.emptied()
    else:
        amounts, line.open = line.open.take(count)
    return amounts


def cancel_amounts(order: OrderState, line: LineState, amounts: Amounts) -> None:
    """Count a part that left the open block of a line as never to be invoiced."""
    line.cancelled = added(line.cancelled, amounts)
    order.totals.cancelled += gross_of(amounts)


def cancel_duty(order: OrderState, net_cancelled: int) -> None:
    """Duty is not owed for units that never cross the border: it follows cancelled units."""
    for line_id in charge_lines(order):
        if order.lines[line_id].terms.kind == "DUTY":
            line = order.own_line(line_id)
            cancel_amounts(order, line, _take(line, min(net_cancelled, line.open.open_units)))


def settle_charges_without_units(booking: Booking, invoice: Invoice, *, cancel: bool) -> None:
    """No unit is open any more: cancel the rest of every charge (and of the ROUNDING), or invoice it."""
    order = booking.order
    for line_id, line in order.lines.items():
        if line.has_units or not any(line.open.rest()):
            continue
        amounts = _take(order.own_line(line_id), None)
        if cancel:
            cancel_amounts(order, order.lines[line_id], amounts)
        else:
            invoice.add(order.lines[line_id], amounts, 0)


def cancel_open_charge(order: OrderState, line: LineState, net: int, taxes: dict[int, int]) -> None:
    """Cancel a stated part of what is open of a charge; the rest is a new block over the open units' net.

    `taxes`: component -> amount. The discount goes in proportion to the net.
    """
    rest = line.open.rest()
    part = list(zeros(rest))
    part[NET] = net
    if rest[NET]:
        for component in range(NET + 1, WEIGHT + 1):
            part[component] = (2 * rest[component] * net + rest[NET]) // (2 * rest[NET])
    for component, amount in taxes.items():
        part[component] = amount
    cancel_amounts(order, line, tuple(part))
    line.open = Block(order.open_net, 0, less(rest, tuple(part)))
