"""Gauges of what is open and of what is accounted for, read from the operational database by its one writer.

Nothing is counted twice: what is open is asked again only after records that may have changed it, and records are accounted for in
slices from where the last slice ended. Ages grow by themselves in between.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final

from asiento.runtime.metrics import Metrics
from asiento.runtime.metrics.standing import StandingGauge
from schemas.decisions import OUTCOMES
from schemas.topics import ACCOUNTING_ACTIONS, ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ
from schemas.wording.messages import CODES
from sinks.databases.database import Database
from sinks.lag import MICROSECONDS
from sinks.projector.figures import Accounted, FiguresReader, OpenItems, OpenKind

SHOWN_SECONDS: Final = 5.0
"""How often the gauges are set."""
SLICE_OFFSETS_MAX: Final = 10_000
"""Offsets that are accounted for at once; writing waits meanwhile, some 30 ms."""
OPEN_SHARE_MAX: Final = 40
"""Counting what is open takes at most one part in so many of the time, however much is open."""
SHORT_SLICES_MAX: Final = 100
"""Slices with something unaccounted that are asked again, one at a time; what was added behind them is seen by the next start."""
ACCOUNTING_SHARE_MAX: Final = 10
"""Catching up after a start takes at most one part in so many; afterwards it costs what comes in, about 3 microseconds a record."""

SEVERITIES: Final = ("low", "medium", "high", "critical")
_NOTHING: Final = OpenItems(0, None)
_NOTHING_ACCOUNTED: Final = Accounted({}, 0)
_KINDS: Final[dict[OpenKind, str]] = {"parked": ACCOUNTING_DECISIONS, "rejected": ACCOUNTING_DECISIONS, "dead_letter": ORDERS_DLQ}
"""What is open, and the topic whose records open it. Actions may close any of it."""

InThread = Callable[[Callable[[], Any]], Awaitable[Any]]


class OpenGauges:
    """What waits for a person. A code that was shown once stays, with 0: an alert that fired must see it end."""

    def __init__(self, metrics: Metrics) -> None:
        self._number = metrics.open_items
        self._oldest = metrics.open_items_oldest_seconds
        self._discrepancies = metrics.discrepancies_open
        self._discrepancies_oldest = metrics.discrepancies_oldest_seconds
        self._items: dict[tuple[str, str], OpenItems] = {("proposal", ""): _NOTHING}
        self._by_severity = {(code, severity): _NOTHING for code in CODES for severity in SEVERITIES}
        self._stale = {ACCOUNTING_DECISIONS, ACCOUNTING_DISCREPANCIES, ORDERS_DLQ, ACCOUNTING_ACTIONS}

    def written(self, topics: Iterable[str]) -> None:
        """Records of these topics of the catalogue were written."""
        self._stale.update(topics)

    def read(self, reader: FiguresReader) -> None:
        """Ask what may have changed."""
        stale, self._stale = self._stale, set()
        answered = ACCOUNTING_ACTIONS in stale
        for kind, topic in _KINDS.items():
            if answered or topic in stale:
                self._replace(kind, reader.open_items(kind))
        if answered:
            self._replace("proposal", {"": reader.open_proposals()})
        if answered or ACCOUNTING_DISCREPANCIES in stale:
            found = reader.open_discrepancies()
            self._by_severity = {key: found.get(key, _NOTHING) for key in self._by_severity.keys() | found.keys()}
            by_code: dict[str, OpenItems] = {}
            for (code, _), items in found.items():
                by_code[code] = by_code.get(code, _NOTHING) + items
            self._replace("discrepancy", by_code)

    def show(self, now: int) -> None:
        """Set the gauges; `now` in microseconds."""
        for key, items in self._items.items():
            self._number.labels(*key).set(items.number)
            self._oldest.labels(*key).set(_age_seconds(items, now))
        for key, items in self._by_severity.items():
            self._discrepancies.labels(*key).set(items.number)
            self._discrepancies_oldest.labels(*key).set(_age_seconds(items, now))

    def _replace(self, kind: str, found: dict[str, OpenItems]) -> None:
        for key in self._items:
            if key[0] == kind:
                self._items[key] = found.get(key[1], _NOTHING)
        self._items |= {(kind, code): items for code, items in found.items()}


def _age_seconds(items: OpenItems, now: int) -> float:
    return 0.0 if items.oldest_at is None else max(0, now - items.oldest_at) / MICROSECONDS


class AccountedGauges:
    """What became of the records of each partition, as `asiento verify` adds it up: parked events count as what they were judged again.

    A partition is shown when all that is known of it is accounted for.
    """

    def __init__(self, metrics: Metrics, events_topic: str) -> None:
        self._records = StandingGauge(metrics.accounted_records)
        self._unaccounted = StandingGauge(metrics.unaccounted_records)
        self._events_topic = events_topic
        self._next: dict[int, int] = {}
        self._outcomes: Counter[tuple[int, str]] = Counter()
        self._healed_to: dict[int, int] = {}
        self._missing: Counter[int] = Counter()
        self._short: dict[tuple[int, int, int], Accounted] = {}
        self._shown: set[int] = set()

    def read(self, reader: FiguresReader) -> bool:
        """Account for the next offsets, those that wait longest first; answers whether more is left."""
        if self._short:
            place = next(iter(self._short))
            self._take(place, reader.accounted(*place), self._short.pop(place))
        known_to = reader.accounted_to(self._events_topic)
        behind = {partition: end - self._next.get(partition, 0) for partition, end in known_to.items()}
        room = SLICE_OFFSETS_MAX
        for partition in sorted(behind, key=lambda partition: -behind[partition]):
            start = self._next.get(partition, 0)
            stop = start + min(room, behind[partition])
            if start < stop:
                self._take((partition, start, stop), reader.accounted(partition, start, stop))
                self._next[partition] = stop
                room -= stop - start
        for partition in known_to:
            self._heal(partition, reader)
        whole = {partition for partition, end in known_to.items() if self._next.get(partition, 0) >= end}
        self._shown |= whole
        return len(whole) < len(known_to)

    def _take(self, place: tuple[int, int, int], found: Accounted, before: Accounted = _NOTHING_ACCOUNTED) -> None:
        """Count a slice, in the place of what it was `before`. What it lacks may come yet: somebody sets the group back to it."""
        partition = place[0]
        for outcome in found.outcomes.keys() | before.outcomes.keys():
            self._outcomes[partition, outcome] += found.outcomes.get(outcome, 0) - before.outcomes.get(outcome, 0)
        self._missing[partition] += found.unaccounted - before.unaccounted
        if found.unaccounted and len(self._short) < SHORT_SLICES_MAX:
            self._short[place] = found

    def _heal(self, partition: int, reader: FiguresReader) -> None:
        """What was parked has the outcome with which it was judged again."""
        found, self._healed_to[partition] = reader.healed_since(partition, self._healed_to.get(partition, -1))
        for outcome, number in found.items():
            self._outcomes[partition, "deferred"] -= number
            self._outcomes[partition, outcome] += number

    def show(self) -> None:
        """Set the gauges. A partition that was whole once goes on being shown: it is a few seconds behind the database at most."""
        self._records.show(
            {(str(partition), outcome): max(self._outcomes[partition, outcome], 0) for partition in self._shown for outcome in OUTCOMES}
        )
        self._unaccounted.show({(str(partition),): self._missing[partition] for partition in self._shown})


class Gauges:
    """Both, kept up to date from the database's own thread, of whose time reading takes a small part only."""

    def __init__(self, metrics: Metrics, events_topic: str) -> None:
        self._open = OpenGauges(metrics)
        self._accounted = AccountedGauges(metrics, events_topic)

    def written(self, topics: Iterable[str]) -> None:
        """Records of these topics of the catalogue were written."""
        self._open.written(topics)

    async def keep_showing(self, in_thread: InThread, database: Database, clock: Callable[[], int]) -> None:
        """For ever. `clock` answers UTC microseconds; raises `OperationalUnavailable`."""
        reader, loop = FiguresReader(database), asyncio.get_running_loop()
        while True:
            shown_at = loop.time()
            spent, _ = await in_thread(partial(_timed, partial(self._open.read, reader)))
            self._open.show(clock())
            more = True
            while more and loop.time() < shown_at + SHOWN_SECONDS:
                seconds, more = await in_thread(partial(_timed, partial(self._accounted.read, reader)))
                await asyncio.sleep(seconds * (ACCOUNTING_SHARE_MAX - 1))
            self._accounted.show()
            await asyncio.sleep(max(shown_at + SHOWN_SECONDS - loop.time(), spent * (OPEN_SHARE_MAX - 1)))


def _timed(work: Callable[[], bool | None]) -> tuple[float, bool]:
    """How long it took in this thread, and whether there is more of it."""
    began = time.monotonic()
    more = bool(work())
    return time.monotonic() - began, more
