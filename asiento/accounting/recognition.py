"""Steps 2 and 3 of the judgement: is this record known already, as an event or as a fact?"""

from collections.abc import Callable
from typing import Any

from asiento.accounting.facts import Fact, FactName
from asiento.accounting.order_events import (
    ChargebackClosed,
    ChargebackOpened,
    FeeCharged,
    JournalPosted,
    OrderEvent,
    OrderPlaced,
    PaymentCaptured,
    ReceivableAdjusted,
    ReturnReceived,
    ShipmentDispatched,
)
from asiento.accounting.order_state import OrderState


def natural_key(event: OrderEvent) -> str:
    """The id by which the fact is known whatever its business_key says; empty where its kind has none."""
    key_of = _NATURAL_KEYS.get(type(event))
    return key_of(event) if key_of is not None else ""


def payment_key(payment_id: str) -> str:
    """The natural key of a capture."""
    return f"payment:{payment_id}"


def shipment_key(shipment_id: str) -> str:
    """The natural key of a shipment."""
    return f"shipment:{shipment_id}"


_NATURAL_KEYS: dict[type[OrderEvent], Callable[[Any], str]] = {
    OrderPlaced: lambda _: "order",
    PaymentCaptured: lambda event: payment_key(event.payment_id),
    ShipmentDispatched: lambda event: shipment_key(event.shipment_id),
    ReturnReceived: lambda event: f"return:{event.return_id}",
    ChargebackOpened: lambda event: f"dispute_opened:{event.dispute_id}",
    ChargebackClosed: lambda event: f"dispute_closed:{event.dispute_id}",
    FeeCharged: lambda event: f"fee:{event.fee_id}",
    ReceivableAdjusted: lambda event: f"adjustment:{event.adjustment_id}",
    JournalPosted: lambda event: f"journal:{event.journal_id}",
}


def split_key(key: str) -> tuple[str, str]:
    """The kind and the id of a natural key; both empty where there is none."""
    kind, _, about = key.partition(":")
    return kind, about


def fact_of(event: OrderEvent) -> Fact:
    """What dedupe remembers of an event."""
    return Fact(event.event_id, event.fingerprint, event.business_key, event.natural_fingerprint, natural_key(event))


def known_as(told: Fact, order: OrderState) -> tuple[Fact, str | None] | None:
    """The fact that a record repeats, and the code of the conflict where it differs; None = it is new.

    Applied facts come before parked ones, event ids before business keys before natural ids.
    """
    parked = [fact_of(one.event) for one in order.parked]
    fact = _find("event_id", told.event_id, order, parked)
    if fact is not None:
        return fact, None if fact.fingerprint == told.fingerprint else "D21"
    fact = _find("business_key", told.business_key, order, parked)
    if fact is None and told.natural_key:
        fact = _find("natural_key", told.natural_key, order, parked)
    if fact is None:
        return None
    return fact, None if fact.content == told.content else "D22"


def _find(name: FactName, value: str, order: OrderState, parked: list[Fact]) -> Fact | None:
    known = order.facts.find(name, value)
    if known is not None or not parked:
        return known
    return next((fact for fact in parked if getattr(fact, name) == value), None)


def is_taken(replacement: OrderEvent, order: OrderState, original: Fact, *, correction_id: str) -> bool:
    """Whether another fact than the one that it replaces, or replaced in turn, has the event's id, business_key or natural id.

    correction_id: event_id of the correction that brings it, which may wait itself.
    """
    fact = fact_of(replacement)
    parked = [fact_of(one.event) for one in order.parked if one.event.event_id != correction_id]
    names: tuple[FactName, ...] = ("event_id", "business_key", "natural_key")
    for name in names:
        known = _find(name, getattr(fact, name), order, parked)
        if known is None or known.event_id == original.event_id:
            continue
        if name == "event_id" or known.natural_key != original.natural_key:
            return True
    return False
