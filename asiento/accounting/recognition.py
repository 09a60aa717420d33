"""Steps 2 and 3 of the judgement: is this record known already, as an event or as a fact?"""

from asiento.accounting.facts import Fact, FactName
from asiento.accounting.order_events import OrderEvent, OrderPlaced, PaymentCaptured, ShipmentDispatched
from asiento.accounting.order_state import OrderState


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
    parked = [fact_of(one.event) for one in order.parked]
    fact = _find("event_id", event.event_id, order, parked)
    if fact is not None:
        return fact, None if fact.fingerprint == event.fingerprint else "D21"
    fact = _find("business_key", event.business_key, order, parked)
    key = natural_key(event)
    if fact is None and key:
        fact = _find("natural_key", key, order, parked)
    if fact is None:
        return None
    return fact, None if fact.content == event.natural_fingerprint else "D22"


def _find(name: FactName, value: str, order: OrderState, parked: list[Fact]) -> Fact | None:
    known = order.facts.find(name, value)
    if known is not None or not parked:
        return known
    return next((fact for fact in parked if getattr(fact, name) == value), None)
