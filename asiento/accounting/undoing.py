"""Taking back what an event did to the state of its order: cancelled shipments, corrected and voided events.

Each `undo` changes the order it is given; whether something later stands on it is asked before. What the event posted is
reversed by the caller.
"""

from asiento.accounting.blocks import FIRST_TAX, NET, Amounts, Block, added, gross_of, less
from asiento.accounting.order_state import NET_CAP, LineState, OrderState
from asiento.accounting.placement import spread_charges
from asiento.accounting.recognition import shipment_key


def position_of(shipment_id: str, order: OrderState) -> int | None:
    """Where a shipment stands in the order's list, the corrected one where there are two; None where it is unknown."""
    for place in reversed(range(len(order.shipments))):
        if order.shipments[place].shipment_id == shipment_id:
            return place
    return None


def positions_of(order: OrderState) -> dict[str, int]:
    """Where each shipment stands in the order's list, for events that name many; as `position_of`."""
    return {shipment.shipment_id: place for place, shipment in enumerate(order.shipments)}


def is_shipment_needed(position: int, order: OrderState) -> bool:
    """Whether credits, returns or joined amounts stand on a shipment, or credits would exceed what is invoiced without it."""
    for line in order.lines.values():
        for block in line.shipped:
            if block.shipment == position and (block.joined or block.credits.taken or block.returned_units):
                return True
    if shipment_key(order.shipments[position].shipment_id) not in order.booked:
        return True
    trial = order.copy()
    undo_shipment(position, trial)
    if min(trial.uncredited.values(), default=0) < 0:
        return True
    return any(_credited_beyond(line) for line_id, line in trial.lines.items() if line is not order.lines[line_id])


def _credited_beyond(line: LineState) -> bool:
    if line.terms.kind == "ROUNDING":
        return any(line.credited) and line.credited != line.invoiced
    return any(line.uncredited(key) < 0 for key in {NET_CAP, *[tax.cap_key for tax in line.terms.taxes]})


def undo_shipment(position: int, order: OrderState) -> None:
    """The shipment's units and amounts are open again, those of its charges too; every charge is a new block."""
    shipment = order.shipments[position]
    for line_id, line in order.lines.items():
        blocks = [block for block in line.shipped if block.shipment == position]
        if blocks:
            own = order.own_line(line_id)
            own.shipped = tuple([block for block in line.shipped if block.shipment != position])
            for block in blocks:
                _open_again(order, own, block.units, block.credits.amounts)
    for line_id, amounts in shipment.charges:
        _open_again(order, order.own_line(line_id), 0, amounts)
    spread_charges(order.lines)
    order.shipments = (*order.shipments[:position], shipment._replace(stands=False, charges=()), *order.shipments[position + 1 :])


def _open_again(order: OrderState, line: LineState, units: int, amounts: Amounts) -> None:
    """Put units and amounts that were invoiced back into the line's open block, which is a new one."""
    line.open = Block(line.open.open_units + units, 0, added(line.open.rest(), amounts))
    line.invoiced = less(line.invoiced, amounts)
    order.totals.invoiced -= gross_of(amounts)
    if line.terms.kind != "ROUNDING":
        for tax, amount in ((NET_CAP, amounts[NET]), *zip([one.cap_key for one in line.terms.taxes], amounts[FIRST_TAX:], strict=True)):
            order.uncredited[tax] = order.uncredited.get(tax, 0) - amount


def undo_capture(payment_id: str, order: OrderState) -> None:
    """The money was never received."""
    order.totals.captured -= order.payments.pop(payment_id).amount


def is_payment_needed(payment_id: str, order: OrderState) -> bool:
    """Whether a refund that did not fail stands on a capture; after a reversal or a dispute what it booked is not kept."""
    tenders = [tender for refund in order.refunds.values() for _, tender in refund.tenders]
    return any(tender.payment_id == payment_id and tender.status != "FAILED" for tender in tenders)


def undo_return(return_id: str, order: OrderState) -> None:
    """The units never came back."""
    for part in order.returns.pop(return_id):
        line = order.own_line(part.line_id)
        places = [place for place, block in enumerate(line.shipped) if block.shipment == part.shipment]
        place = places[part.ordinal]
        block = line.shipped[place]
        back = block._replace(returned_units=block.returned_units - part.units)
        line.shipped = (*line.shipped[:place], back, *line.shipped[place + 1 :])


def is_return_needed(return_id: str, order: OrderState) -> bool:
    """Whether a later return took from the same blocks: the cost of its units follows those taken before."""
    later = False
    taken = {part[:3] for part in order.returns[return_id]}
    for other_id, parts in order.returns.items():
        if later and any(part[:3] in taken for part in parts):
            return True
        later = later or other_id == return_id
    return False


def undo_adjustment(adjustment_id: str, order: OrderState) -> None:
    """The receivable was never adjusted."""
    kind, amount = order.adjustments.pop(adjustment_id)
    order.totals.written_off += amount if kind == "RECOVERY" else -amount


def recoverable(order: OrderState) -> int:
    """Bad debt that can still be recovered: written off less recovered, taxes included."""
    sign = {"WRITE_OFF": 1, "RECOVERY": -1}
    return sum([sign.get(one.kind, 0) * one.amount for one in order.adjustments.values()])


def is_adjustment_needed(adjustment_id: str, order: OrderState) -> bool:
    """Whether a recovery stands on a write-off."""
    kind, amount = order.adjustments[adjustment_id]
    return kind == "WRITE_OFF" and recoverable(order) < amount
