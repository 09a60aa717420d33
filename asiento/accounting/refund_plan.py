"""Which units a refund's lines name: decided once, for the conditions and for the posting alike."""

from dataclasses import dataclass
from typing import NamedTuple

from asiento.accounting.blocks import BlockUnits
from asiento.accounting.order_events import RefundIssued, RefundLine, RefundTender
from asiento.accounting.order_state import LineState, OrderState, Tender
from asiento.accounting.undoing import positions_of


@dataclass(slots=True)
class LinePlan:
    """Units of one refund line by where they come from; credits: (place in the line's shipped blocks, units)."""

    stated: RefundLine
    named_units: int
    credits: tuple[tuple[int, int], ...]
    open_units: int


class RefundPlan(NamedTuple):
    """What a refund does: its lines, none where it was stated before, and the tenders it moves on, with what was known of each."""

    lines: list[LinePlan]
    tenders: list[tuple[RefundTender, Tender | None]]


class _Available:
    """Units of one line that the event has not named yet."""

    __slots__ = ("open", "shipped", "unnamed")

    def __init__(self, line: LineState) -> None:
        self.unnamed = line.cancelled_units - line.named_units
        self.open = line.open.open_units
        self.shipped = BlockUnits(line.shipped, [block.uncredited_units for block in line.shipped])

    def take_unnamed(self, wanted: int) -> int:
        taken = min(wanted, self.unnamed)
        self.unnamed -= taken
        return taken

    def take_open(self, wanted: int) -> int:
        taken = min(wanted, self.open)
        self.open -= taken
        return taken


def plan_refund(event: RefundIssued, order: OrderState) -> tuple[list[LinePlan], str | None]:
    """The plan of all lines, a line named twice counted cumulatively, and the code of what cannot be done yet."""
    available: dict[str, _Available] = {}
    plans: list[LinePlan] = []
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
        if line is None or not line.has_units:
            codes.add("D27" if stated.scope == "SHIPPED" else "D11")
            continue
        units = available.get(stated.line_id)
        if units is None:
            units = available[stated.line_id] = _Available(line)
        plan, missing = _plan_line(stated, units, shipment)
        plans.append(plan)
        if missing:
            codes.add("D27" if stated.scope == "SHIPPED" else "D11")
    return plans, min(codes, key=("D27", "D11").index) if codes else None


def _plan_line(stated: RefundLine, units: _Available, shipment: int | None) -> tuple[LinePlan, int]:
    wanted = stated.quantity
    named, from_open = 0, 0
    credits_: tuple[tuple[int, int], ...] = ()
    if stated.scope != "SHIPPED":
        named = units.take_unnamed(wanted)
        wanted -= named
    if stated.scope != "UNSHIPPED":
        credits_, wanted = units.shipped.take(wanted, shipment)
    if stated.scope != "SHIPPED":
        from_open = units.take_open(wanted)
        wanted -= from_open
    return LinePlan(stated, named, credits_, from_open), wanted
