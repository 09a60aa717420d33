"""Fifty problems of a trading day, planted by a seed: what arrives, what the source meant, and how people mend it.

Every problem is an order of its own, so that each can be told from the others and mended alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final, TypeAlias
from uuid import uuid5

from schemas.entries import encode_entry
from schemas.events import encode_event_json
from schemas.framing import frame_header
from sources.synthetic.catalog import SHOPS, Shop
from sources.synthetic.events import NAMESPACE, events_of
from sources.synthetic.stories import plain_order
from tests.unit.schemas import examples

Event: TypeAlias = dict[str, Any]
TENANT: Final = "planted"
OPENS_AT: Final = 1_772_438_400_000_000
"""2 March 2026, UTC microseconds."""
HOUR: Final = 3_600_000_000

COUNTS: Final = {
    "empty_value": 2,
    "bad_magic": 2,
    "unknown_schema_id": 2,
    "undecodable": 2,
    "trailing_bytes": 2,
    "wrong_record_type": 2,
    "wrong_key": 2,
    "wrong_partition": 2,
    "wrong_total": 6,
    "newer_is_right": 3,
    "first_is_right": 3,
    "gap": 6,
    "late_capture": 5,
    "over_refund": 6,
    "unknown_order": 5,
}
"""How many of each kind; 50 together."""
POISON: Final = tuple(COUNTS)[:8]


@dataclass(frozen=True, slots=True)
class Sent:
    """One record as it arrives; `astray` is how many partitions beside that of its key it goes."""

    key: bytes
    value: bytes | None
    astray: int = 0


@dataclass(slots=True)
class Problem:
    """One planted problem. `right` is the event that mends it, or that was meant; `intended` all events of the order as meant.

    wrong_id: event_id of the event that is wrong or waits.
    """

    kind: str
    order_key: str
    arrives: list[Sent]
    intended: list[Event]
    right: Event
    wrong_id: str = ""
    subject: str = field(default="")


def plant(seed: int) -> list[Problem]:
    """The fifty problems of a seed, in the order of their kinds."""
    return [planted(kind, number, Random(f"{seed}|{kind}|{number}")) for kind in COUNTS for number in range(COUNTS[kind])]


def arrivals(problems: list[Problem], seed: int) -> Iterator[Sent]:
    """All records, mixed; those of one order in their order."""
    random = Random(f"{seed}|mixed")
    queues = [list(problem.arrives) for problem in problems]
    while queues := [queue for queue in queues if queue]:
        yield random.choice(queues).pop(0)


def planted(kind: str, number: int, random: Random) -> Problem:
    """One problem of a kind; kind, number and random draw all of it."""
    with_cards = [shop for shop, _ in SHOPS if any(tender == "CARD" for tender, _, _ in shop.gateways)]
    numbered = [shop for shop in with_cards if _is_numbered(shop)]
    shop = random.choice(numbered if kind == "gap" else with_cards)
    order = plain_order(shop, f"{kind}-{number}", OPENS_AT + random.randrange(10 * HOUR), random)
    events = events_of(order, TENANT)
    return _PLANTERS.get(kind, _poisoned)(kind, events, random)


def _is_numbered(shop: Shop) -> bool:
    probe = plain_order(shop, "probe", OPENS_AT, Random(1))
    return "source_sequence" in events_of(probe, TENANT)[0]


def _key(event: Event) -> str:
    return f"{event['tenant']}:{event['source']}:{event['order_id']}"


def sent(events: list[Event]) -> list[Sent]:
    """The records of events, as their producer sends them."""
    return [Sent(_key(event).encode(), encode_event_json(event)) for event in events]


def _poisoned(kind: str, events: list[Event], random: Random) -> Problem:
    """The payment of the order cannot be read, or stands where it must not stand."""
    placed, captured, shipped = events
    good, (key,) = encode_event_json(captured), {_key(captured)}
    values: dict[str, bytes | None] = {
        "empty_value": None,
        "bad_magic": random.randbytes(random.randrange(1, 400)).replace(b"\x00", b"\x01"),
        "unknown_schema_id": frame_header(random.randrange(500_000, 900_000)) + good[5:],
        "undecodable": good[: random.randrange(8, len(good) - 1)],
        "trailing_bytes": good + random.randbytes(random.randrange(1, 9)),
        "wrong_record_type": encode_entry(replace(examples.INVOICE, order_key=key)),
    }
    poison = Sent(key.encode(), values.get(kind, good))
    if kind == "wrong_key":
        poison = replace(poison, key=f"{key}-other".encode())
    if kind == "wrong_partition":
        poison = replace(poison, astray=random.randrange(1, 4))
    first, last = sent([placed, shipped])
    return Problem(kind, key, [first, poison, last], events, captured)


def _wrong_total(kind: str, events: list[Event], random: Random) -> Problem:
    """The total is not what the lines add up to; all that follows waits for an order that never was."""
    placed, *rest = events
    off = 10 ** placed["currency_exponent"] * random.randrange(50, 900)
    wrong = placed | {"total": placed["total"] + random.choice((off, -off))}
    return Problem(kind, _key(placed), sent([wrong, *rest]), events, placed, placed["event_id"])


def _conflict(kind: str, events: list[Event], random: Random) -> Problem:
    """The payment comes twice, under one id or two, with different amounts; one of them is right."""
    placed, captured, shipped = events
    other = captured | {"amount": captured["amount"] - random.randrange(1, captured["amount"] // 2)}
    if random.randrange(2):
        other |= {"event_id": str(uuid5(NAMESPACE, f"other|{captured['event_id']}"))}
    right = other if kind == "newer_is_right" else captured
    return Problem(kind, _key(placed), sent([placed, captured, shipped, other]), [placed, right, shipped], right, other["event_id"])


def _gap(kind: str, events: list[Event], random: Random) -> Problem:
    """A numbered event of the source is missing; what is behind it waits."""
    missing = random.choice(events[1:-1])
    there = [event for event in events if event is not missing]
    return Problem(kind, _key(missing), sent(there), events, missing, there[-1]["event_id"])


def _late_capture(kind: str, events: list[Event], random: Random) -> Problem:
    """Shipped, and the payment comes long after it was due."""
    del random
    placed, captured, shipped = events
    return Problem(kind, _key(placed), sent([placed, shipped]), events, captured)


def _over_refund(kind: str, events: list[Event], random: Random) -> Problem:
    """The customer paid twice, the second payment is missing, and more is refunded than the first."""
    placed, captured, shipped = events
    ids = {name: str(uuid5(NAMESPACE, f"{name}|{captured['event_id']}")) for name in ("second", "refund")}
    extra = random.randrange(1, captured["amount"])
    second = captured | {"event_id": ids["second"], "business_key": "capture:P2", "payment_id": "P2", "amount": extra}
    tender = {
        "tender_id": "T1",
        "payment_id": "P1",
        "tender": captured["tender"],
        "gateway": captured["gateway"],
        "amount": captured["amount"] + extra,
        "status": "SUCCEEDED",
    }
    envelope = {name: value for name, value in shipped.items() if name in _ENVELOPE}
    refund = envelope | {
        "type": "RefundIssued",
        "event_id": ids["refund"],
        "business_key": "refund:R1:1",
        "refund_id": "R1",
        "lines": [],
        "adjustments": [],
        "tenders": [tender],
        "allow_over_refund": False,
    }
    return Problem(kind, _key(placed), sent([placed, captured, shipped, refund]), [*events, second, refund], second, refund["event_id"])


_ENVELOPE: Final = {
    *("tenant", "source", "order_id", "occurred_at", "received_at", "test_mode", "currency", "currency_exponent"),
}


def _unknown_order(kind: str, events: list[Event], random: Random) -> Problem:
    """Paid and shipped, and nobody has heard of the order."""
    del random
    placed, *rest = events
    return Problem(kind, _key(placed), sent(rest), events, placed, rest[0]["event_id"])


_PLANTERS: Final[dict[str, Callable[[str, list[Event], Random], Problem]]] = {
    "wrong_total": _wrong_total,
    "newer_is_right": _conflict,
    "first_is_right": _conflict,
    "gap": _gap,
    "late_capture": _late_capture,
    "over_refund": _over_refund,
    "unknown_order": _unknown_order,
}
