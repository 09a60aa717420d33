"""EventCorrected: whether an earlier event can be taken back, and another put in its place."""

from asiento.accounting.facts import Fact
from asiento.accounting.order_state import OrderState
from asiento.accounting.recognition import split_key
from asiento.accounting.undoing import (
    is_adjustment_needed,
    is_payment_needed,
    is_return_needed,
    is_shipment_needed,
    position_of,
    undo_adjustment,
    undo_capture,
    undo_return,
    undo_shipment,
)

CORRECTABLE = frozenset({"payment", "shipment", "fee", "return", "adjustment"})
"""First parts of the natural keys of events that can be corrected; others are mended by events of their own."""


def can_be_undone(original: Fact, order: OrderState) -> bool:
    """Whether the event is of a kind that can be corrected, stands, and nothing later stands on it."""
    kind, _ = split_key(original.natural_key)
    return kind in CORRECTABLE and original.event_id not in order.corrected and not is_needed(original.natural_key, order)


def undo_fault(original: Fact, order: OrderState) -> str:
    """Why an event that cannot be taken back cannot, as the `reason` of a D11."""
    if split_key(original.natural_key)[0] not in CORRECTABLE:
        return "not_correctable"
    return "corrected_already" if original.event_id in order.corrected else "needed_later"


def is_needed(key: str, order: OrderState) -> bool:
    """Whether something later stands on the event of a natural key, it stands no longer itself, or what it booked was not kept."""
    kind, about = split_key(key)
    if key not in order.booked:
        return True
    match kind:
        case "payment":
            return is_payment_needed(about, order)
        case "shipment":
            position = position_of(about, order)
            return position is None or is_shipment_needed(position, order)
        case "return":
            return is_return_needed(about, order)
        case "adjustment":
            return is_adjustment_needed(about, order)
        case _:
            return False


def undo_fact(key: str, order: OrderState) -> None:
    """Take back what the event of a natural key did to the state of its order."""
    kind, about = split_key(key)
    match kind:
        case "payment":
            undo_capture(about, order)
        case "shipment":
            position = position_of(about, order)
            if position is not None:
                undo_shipment(position, order)
        case "return":
            undo_return(about, order)
        case "adjustment":
            undo_adjustment(about, order)
