"""Very many orders at the price of few: seeded lives, judged once by the oracle, and copies of them under other names.

A copy has other order and event ids and is else the same byte for byte, so what the oracle says of the first, renamed, is true of
the copy. That renaming and judging may be exchanged is tested in test_copied_lives.py.
"""

import random
import re
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from multiprocessing import get_context
from uuid import UUID, uuid5

from schemas.event_messages import message_from_json
from tests.oracle.books import close_books
from tests.oracle.figures import Event
from tests.oracle.lives import PROFILES, life

FIRST = 1_000_000
COPY = 1_000
"""The order ids of a life and its copies have seven digits: 1, the number of the copy, the number of the life."""
ENTRY_NAMES = UUID("d4e30a94-8be5-47bc-bde7-48a5a3897db5")
"""spec/accounting.md: the name space of entry ids."""
SPREAD = 0x9E3779B1
ORDERS_AT_ONCE = 200
ORACLES = 2
UUID_TEXT = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

Verdict = tuple[str, str | None]
"""Outcome and code."""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry as the oracle tells it; `entry_id` by the rule of the spec."""

    entry_id: str
    event_id: str
    kind: str
    part: str
    currency: str
    postings: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A life, as messages and as the oracle judges it. `ids` are the event ids that occur in its messages."""

    order_id: str
    key: bytes
    values: tuple[bytes, ...]
    ids: frozenset[bytes]
    tenant: str
    verdicts: tuple[Verdict, ...]
    entries: tuple[Told, ...]
    discrepancies: frozenset[tuple[str, str]]


def event_id_of_copy(event_id: str, copy: int) -> str:
    """The first eight digits differ."""
    return f"{int(event_id[:8], 16) ^ (copy * SPREAD & 0xFFFFFFFF):08x}{event_id[8:]}"


def order_id_of_copy(order_id: str, copy: int) -> str:
    """As long as the first one's."""
    profile, _, number = order_id.rpartition("-")
    return f"{profile}-{int(number) + copy * COPY}"


@dataclass(frozen=True, slots=True)
class Order:
    """One copy of a life; copy 0 is the life itself."""

    template: Template
    copy: int

    @property
    def key(self) -> bytes:
        """The order key."""
        return self._renamed(self.template.key)

    def value(self, number: int) -> bytes:
        """The message of its event `number`."""
        value = self._renamed(self.template.values[number])
        found = set(UUID_TEXT.findall(value)) & self.template.ids if self.copy else ()
        for event_id in found:
            value = value.replace(event_id, self._event_id(event_id.decode()).encode())
        return value

    def entries(self) -> tuple[Told, ...]:
        """What the ledger has to have of it, in order."""
        renamed: dict[str, str] = {}
        told = []
        for one in self.template.entries:
            event_id, part = self._event_id(one.event_id), renamed.get(one.part, one.part)
            entry_id = str(uuid5(ENTRY_NAMES, f"{self.template.tenant}|{event_id}|{one.kind}|{part}"))
            renamed[one.entry_id] = entry_id
            told.append(Told(entry_id, event_id, one.kind, part, one.currency, one.postings))
        return tuple(told)

    def discrepancies(self) -> frozenset[tuple[str, str]]:
        """Code and event of each."""
        return frozenset((code, self._event_id(event_id)) for code, event_id in self.template.discrepancies)

    def _event_id(self, event_id: str) -> str:
        return event_id_of_copy(event_id, self.copy) if self.copy else event_id

    def _renamed(self, text: bytes) -> bytes:
        order_id = self.template.order_id
        return text.replace(order_id.encode(), order_id_of_copy(order_id, self.copy).encode()) if self.copy else text


def templates(seed: int, lives: int) -> tuple[Template, ...]:
    """So many lives of each profile, at most 999 in all; the oracle judges them in processes of its own."""
    numbers = random.Random(seed).sample(range(COPY), lives * len(PROFILES))
    wanted = [(PROFILES[place % len(PROFILES)], seed, number) for place, number in enumerate(numbers)]
    with ProcessPoolExecutor(ORACLES, get_context("spawn")) as oracles:
        return tuple(oracles.map(_template, wanted, chunksize=20))


def _template(wanted: tuple[str, int, int]) -> Template:
    profile, seed, number = wanted
    return judged(_named(life(profile, seed * COPY + number), f"{profile}-{FIRST + number}"))


def _named(events: list[Event], order_id: str) -> list[Event]:
    """The life under an order id of the length that copies can have, replacements included."""
    return [
        {**event, "order_id": order_id}
        | ({"replacement": {**event["replacement"], "order_id": order_id}} if event.get("replacement") else {})
        for event in events
    ]


def judged(events: list[Event]) -> Template:
    """A life with the oracle's word on it."""
    (order,) = close_books(enumerate(events))
    messages = [message_from_json(event) for event in events]
    entries: list[Told] = []
    for one in order["entries"]:
        name = f"{events[0]['tenant']}|{one['event_id']}|{one['entry_kind']}|{one['part']}"
        postings = tuple(sorted(one["postings"].items()))
        entries.append(Told(str(uuid5(ENTRY_NAMES, name)), one["event_id"], one["entry_kind"], one["part"], one["currency"], postings))
    return Template(
        order_id=events[0]["order_id"],
        key=messages[0].key,
        values=tuple(message.value for message in messages),
        ids=frozenset(event["event_id"].encode() for event in events),
        tenant=events[0]["tenant"],
        verdicts=tuple(_verdict(order["outcomes"][str(number)]) for number in range(len(events))),
        entries=tuple(entries),
        discrepancies=frozenset((code, event_id) for code, event_id in order["discrepancies"]),
    )


def _verdict(said: list[str]) -> Verdict:
    return said[0], said[1] if len(said) > 1 else None


class Arrivals:
    """Orders in endless copies, many at once, each one's events in their order of arrival: (order, number of the event)."""

    def __init__(self, found: tuple[Template, ...], seed: int) -> None:
        self._random = random.Random(seed)
        self._fresh = (Order(template, copy) for copy in count() for template in self._random.sample(found, len(found)))
        self._at_once = [(order, 0) for order in islice(self._fresh, ORDERS_AT_ONCE)]

    def next(self) -> tuple[Order, int]:
        """One more event; ends never."""
        place = self._random.randrange(ORDERS_AT_ONCE)
        order, number = self._at_once[place]
        self._at_once[place] = (order, number + 1) if number + 1 < len(order.template.values) else (next(self._fresh), 0)
        return order, number

    def rest(self) -> Iterator[tuple[Order, int]]:
        """The events that the orders on the way lack; those that have not begun are left out."""
        for order, number in self._at_once:
            for left in range(number, len(order.template.values)) if number else ():
                yield order, left
        self._at_once = []
