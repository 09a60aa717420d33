"""What an explanation stands on: the event that states the amounts, and the order as its entries found it."""

from asiento.accounting.correction import undo_fact
from asiento.accounting.decision import Judged
from asiento.accounting.order_events import DeadlinePassed, EventCorrected, OrderEvent
from asiento.accounting.order_state import OrderState


def stating_event(judged: Judged) -> OrderEvent:
    """The event that states the amounts: of a correction its replacement, of a deadline the event that waits."""
    event = judged.event
    if isinstance(event, EventCorrected) and event.replacement is not None:
        return event.replacement
    if isinstance(event, DeadlinePassed):
        return next((one.event for one in judged.before.parked if one.event.event_id == event.about_event_id), event)
    return event


def order_before(judged: Judged) -> OrderState:
    """The order before the event's own entries: of a correction, after the earlier event was taken back."""
    event = judged.event
    if not isinstance(event, EventCorrected):
        return judged.before
    original = judged.before.facts.find("event_id", event.supersedes_event_id)
    between = judged.before.copy()
    if original is not None:
        undo_fact(original.natural_key, between)
    return between
