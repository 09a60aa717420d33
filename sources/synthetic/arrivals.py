"""How the events of an order reach the topic: late, twice, under another id, out of order.

Only such disorder as parking and healing can mend without a trace in the books. Every arrival says how it must end.
"""

import json
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias
from uuid import uuid5

from sources.synthetic.events import NAMESPACE, Event, time_text

Outcome: TypeAlias = Literal["posted", "duplicate", "conflict", "deferred", "rejected", "ignored", "dead_letter"]
Labelled: TypeAlias = tuple[Event, Outcome]

SECOND = 1_000_000
SHUFFLED_PERCENT, SWAPPED_PERCENT, COPIED_PERCENT, RESENT_PERCENT, LATE_PERCENT = 15, 20, 5, 3, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One record: an event, or bytes that are none. `strays`: it goes to a partition that is not its key's."""

    at: int
    becomes: Outcome
    key: bytes
    event: Event | None = None
    raw: bytes = b""
    strays: bool = False


def disordered(events: list[Event], random: Random) -> list[Labelled]:
    """The events of one order in order of arrival, with copies and re-sends of some."""
    if "source_sequence" in events[0] and random.randrange(100) < SHUFFLED_PERCENT:
        events = random.sample(events, len(events))
    elif random.randrange(100) < SWAPPED_PERCENT:
        events = _with_one_swap(events, random)
    arriving: list[Labelled] = [(event, "posted") for event in events]
    for event in events:
        if random.randrange(100) < COPIED_PERCENT:
            _insert_after(arriving, event, dict(event), random)
        if random.randrange(100) < RESENT_PERCENT:
            _insert_after(arriving, event, resent(event), random)
    return arriving


def resent(event: Event) -> Event:
    """The same business fact under a new event id."""
    return event | {"event_id": str(uuid5(NAMESPACE, f"again|{event['event_id']}"))}


def on_their_way(arriving: list[Labelled], sent_at: list[int], random: Random) -> list[Arrival]:
    """Give every record its time of arrival: some seconds later, sometimes half an hour; the order stays.

    `sent_at` are the earliest times in UTC microseconds, one per record.
    """
    arrivals: list[Arrival] = []
    clock = 0
    for (event, becomes), sent in zip(arriving, sent_at, strict=True):
        late = random.randrange(1800 * SECOND) if random.randrange(100) < LATE_PERCENT else 0
        clock = max(clock + 1000, sent + random.randrange(3 * SECOND) + late)
        is_copy = any(event == earlier.event for earlier in arrivals)
        stamped = event if is_copy else event | {"received_at": time_text(clock, 0)}
        arrivals.append(Arrival(at=clock, becomes=becomes, key=order_key(event), event=stamped))
    return arrivals


def order_key(event: Event) -> bytes:
    """The key of everything about the event's order."""
    return f"{event['tenant']}:{event['source']}:{event['order_id']}".encode()


def json_line(event: Event) -> bytes:
    """The event as one line of a file."""
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _insert_after(arriving: list[Labelled], original: Event, copy: Event, random: Random) -> None:
    first = next(index for index, (event, _) in enumerate(arriving) if event is original)
    arriving.insert(random.randint(first + 1, len(arriving)), (copy, "duplicate"))


def _with_one_swap(events: list[Event], random: Random) -> list[Event]:
    """Two neighbours change places where that heals; an OrderPlaced may fall back further."""
    places = [index for index in range(len(events) - 1) if _heals(events[index], events[index + 1])]
    if not places:
        return events
    index = random.choice(places)
    swapped = [*events]
    if index == 0:
        swapped.insert(random.randint(1, min(3, len(events) - 1)), swapped.pop(0))
    else:
        swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
    return swapped


def _heals(first: Event, second: Event) -> bool:
    pair = (first["type"], second["type"])
    if pair[0] == "OrderPlaced" or pair in (("PaymentCaptured", "ShipmentDispatched"), ("ShipmentDispatched", "PaymentCaptured")):
        return True
    if pair == ("PaymentCaptured", "RefundIssued"):
        return any(tender["payment_id"] == first["payment_id"] for tender in second["tenders"])
    if pair == ("ShipmentDispatched", "RefundIssued"):
        plain = all(line["scope"] == "SHIPPED" and "net" not in line for line in second["lines"])
        return bool(second["lines"]) and plain and not second["adjustments"] and not _is_till(first)
    return False


def _is_till(event: Event) -> bool:
    return str(event["source"]).startswith("pos:")
