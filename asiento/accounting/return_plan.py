"""Which shipped blocks a return takes its units from: decided once, for the conditions and for the posting alike."""

from typing import TypeAlias

from asiento.accounting.blocks import ShippedBlock
from asiento.accounting.order_events import ReturnLine, ReturnReceived
from asiento.accounting.order_state import OrderState, ReturnedPart
from asiento.accounting.undoing import position_of

PlannedReturn: TypeAlias = list[tuple[ReturnLine, list[tuple[int, int]]]]
"""Per line of the event: (place in the line's shipped blocks, micro-units), oldest block first."""


def plan_return(event: ReturnReceived, order: OrderState) -> tuple[PlannedReturn, str | None]:
    """The plan of all lines, a line named twice counted cumulatively, and the code of what cannot be done yet."""
    left: dict[str, list[int]] = {}
    plan: PlannedReturn = []
    codes: set[str] = set()
    for stated in event.lines:
        shipment = position_of(stated.shipment_id, order) if stated.shipment_id is not None else None
        if stated.shipment_id is not None and shipment is None:
            codes.add("D27")
            continue
        line = order.lines.get(stated.line_id)
        if line is None:
            codes.add("D11")
            continue
        available = left.setdefault(stated.line_id, [block.unreturned_units for block in line.shipped])
        wanted, places = stated.quantity, []
        for place, block in enumerate(line.shipped):
            units = min(wanted, available[place]) if shipment is None or block.shipment == shipment else 0
            if units:
                available[place] -= units
                wanted -= units
                places.append((place, units))
        if wanted:
            codes.add("D11")
        plan.append((stated, places))
    return plan, min(codes, key=("D27", "D11").index) if codes else None


def returned_parts(line_id: str, places: list[tuple[int, int]], blocks: tuple[ShippedBlock, ...]) -> list[ReturnedPart]:
    """What a correction needs to put returned units back: blocks named so that other shipments may go in between."""
    parts = []
    for place, units in places:
        shipment = blocks[place].shipment
        ordinal = sum([block.shipment == shipment for block in blocks[:place]])
        parts.append(ReturnedPart(line_id, shipment, ordinal, units))
    return parts
