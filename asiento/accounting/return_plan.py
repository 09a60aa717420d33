"""Which shipped blocks a return takes its units from: decided once, for the conditions and for the posting alike."""

from typing import TypeAlias

from asiento.accounting.blocks import BlockUnits, ShippedBlock
from asiento.accounting.order_events import ReturnLine, ReturnReceived
from asiento.accounting.order_state import OrderState, ReturnedPart
from asiento.accounting.undoing import positions_of

PlannedReturn: TypeAlias = list[tuple[ReturnLine, tuple[tuple[int, int], ...]]]
"""Per line of the event: (place in the line's shipped blocks, micro-units), oldest block first."""


def plan_return(event: ReturnReceived, order: OrderState) -> tuple[PlannedReturn, str | None]:
    """The plan of all lines, a line named twice counted cumulatively, and the code of what cannot be done yet."""
    available: dict[str, BlockUnits] = {}
    plan: PlannedReturn = []
    codes: set[str] = set()
    shipments: dict[str, int] = {}
    for stated in event.lines:
        shipment = None
        if stated.shipment_id is not None:
            shipments = shipments or positions_of(order)
            shipment = shipments.get(stated.shipment_id)
            if shipment is None:
                codes.add("D27")
                continue
        line = order.lines.get(stated.line_id)
        if line is None:
            codes.add("D11")
            continue
        units = available.get(stated.line_id)
        if units is None:
            units = available[stated.line_id] = BlockUnits(line.shipped, [block.unreturned_units for block in line.shipped])
        places, missing = units.take(stated.quantity, shipment)
        if missing:
            codes.add("D11")
        plan.append((stated, places))
    return plan, min(codes, key=("D27", "D11").index) if codes else None


def returned_parts(plan: PlannedReturn, order: OrderState) -> tuple[ReturnedPart, ...]:
    """What a correction needs to put returned units back: blocks named so that other shipments may go in between."""
    parts: list[ReturnedPart] = []
    ordinals: dict[str, list[int]] = {}
    for stated, places in plan:
        line_id, blocks = stated.line_id, order.lines[stated.line_id].shipped
        if line_id not in ordinals:
            ordinals[line_id] = _ordinals(blocks)
        parts += [ReturnedPart(line_id, blocks[place].shipment, ordinals[line_id][place], units) for place, units in places]
    return tuple(parts)


def _ordinals(blocks: tuple[ShippedBlock, ...]) -> list[int]:
    """Of each block of a line: how many of its shipment come before it."""
    before: dict[int, int] = {}
    ordinals = []
    for block in blocks:
        ordinals.append(before.get(block.shipment, 0))
        before[block.shipment] = ordinals[-1] + 1
    return ordinals
