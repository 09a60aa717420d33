"""Steps 2 and 3 of the judgement: is this record known already, as an event or as a fact?"""

from asiento.accounting.order_events import OrderEvent, OrderPlaced, PaymentCaptured, ShipmentDispatched
from asiento.accounting.order_state import Fact, OrderState


def natural_key(event: OrderEvent) -> str:
    """The id by which the fact is known whatever its business_key says; empty where its kind has none."""
    match event:
        case OrderPlaced():
            return "order"
        case PaymentCaptured():
            return f"payment:{event.payment_id}"
        case ShipmentDispatched():
            return f"shipment:{event.shipment_id}"
        case _:
            return ""


def fact_of(event: OrderEvent) -> Fact:
    """What dedupe remembers of an event."""
    return Fact(event.event_id, event.fingerprint, event.business_key, event.natural_fingerprint, natural_key(event))


def known_as(event: OrderEvent, order: OrderState) -> tuple[Fact, str | None] | None:
    """The fact that the record repeats, and the code of the conflict where it differs; None = it is new.

    Applied facts come before parked ones, event ids before business keys before natural ids.
    """
    facts = order.facts
    if order.parked:
        facts = (*facts, *[fact_of(parked.event) for parked in order.parked])
    for fact in facts:
        if fact.event_id == event.event_id:
            return fact, None if fact.fingerprint == event.fingerprint else "D21"
    for fact in facts:
        if fact.business_key == event.business_key:
            return fact, None if fact.content == event.natural_fingerprint else "D22"
    key = natural_key(event)
    for fact in facts:
        if key and fact.natural_key == key:
            return fact, None if fact.content == event.natural_fingerprint else "D22"
    return None
