"""The ledger's side of a comparison: one unmoving picture, sums made by the database itself, rows only where something differs.

Nothing in the rows is believed, not even their types. All of it runs in one thread, which the event loop never waits for.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, TypeVar

from asiento.runtime.database_urls import place_of
from sinks.bookkeeping.picture import Picture
from sinks.bookkeeping.rows import Row
from sinks.ledger import LedgerUnavailable, StreamIdentity
from sinks.ledger_access import picture_at
from sinks.tie_out.facts import EntryFacts, RangeKey
from sinks.tie_out.totals import LedgerGroup, LedgerMarks

ASKED_MAX: Final = 500
"""Entries, orders or ids asked for at once."""
_HALF: Final = 32
_RANGES_PER_PARTITION: Final = 1 << 40

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSums:
    """What a ledger comes to at one moment. booked_to: next offset by partition; chain_lengths: entries of each partition's chain."""

    stream: StreamIdentity | None
    booked_to: Mapping[int, int]
    chain_lengths: Mapping[int, int]
    groups: Sequence[LedgerGroup]
    marks: Sequence[LedgerMarks]


class LedgerPicture:
    """A ledger at one moment; to be used in the thread that opened it. Raises `LedgerError`."""

    def __init__(self, ledger_url: str) -> None:
        with _readable(place_of(ledger_url)):
            self._picture: Picture = picture_at(ledger_url)

    def close(self) -> None:
        """Let go of it; safe to call twice."""
        self._picture.close()

    def sums(self) -> LedgerSums:
        """Places and sums of all that is booked."""
        offsets = self._rows("offsets")
        return LedgerSums(
            stream=StreamIdentity(cluster_id=offsets[0][0], topic=offsets[0][1], topic_id=offsets[0][2]) if offsets else None,
            booked_to={_number(row[3]): _number(row[4]) for row in offsets},
            chain_lengths={_number(row[3]): _number(row[5]) for row in offsets},
            groups=[_group(row) for row in self._rows("tie_out_groups")],
            marks=[LedgerMarks((row[0], row[1]), row[2], _number(row[3])) for row in self._rows("tie_out_marks")],
        )

    def places(self) -> Mapping[int, int]:
        """How far each partition is booked."""
        return {_number(row[3]): _number(row[4]) for row in self._rows("offsets")}

    def of_ranges(self, ranges: Sequence[RangeKey]) -> list[EntryFacts]:
        """The rows that say they came from these ranges."""
        keys = [partition * _RANGES_PER_PARTITION + number for partition, number in ranges]
        return list(self._whole(self._rows("tie_out_rows_of_ranges", (self._picture.array(keys),))))

    def of_orders(self, order_keys: Sequence[str]) -> list[EntryFacts]:
        """The rows of these orders."""
        found: list[EntryFacts] = []
        for at in range(0, len(order_keys), ASKED_MAX):
            asked = self._picture.array(order_keys[at : at + ASKED_MAX])
            found += self._whole(self._rows("tie_out_rows_of_orders", (asked,)))
        return found

    def known_ids(self, entry_ids: Sequence[str]) -> frozenset[str]:
        """Those of these ids that the ledger has."""
        found: set[str] = set()
        for at in range(0, len(entry_ids), ASKED_MAX):
            found |= {row[0] for row in self._rows("known_entries", (self._picture.array(entry_ids[at : at + ASKED_MAX]),))}
        return frozenset(found)

    def _whole(self, headers: Sequence[Row]) -> Iterator[EntryFacts]:
        for at in range(0, len(headers), ASKED_MAX):
            part = headers[at : at + ASKED_MAX]
            rows = self._rows("tie_out_legs", (self._picture.array([row[0] for row in part]),))
            legs = {number: tuple(row[1:] for row in group) for number, group in groupby(rows, key=lambda row: row[0])}
            for row in part:
                yield EntryFacts(
                    entry_no=row[0],
                    partition=_number(row[1]),
                    offset=_number(row[2]),
                    entry_id=str(row[3]),
                    entry_kind=row[4],
                    part=row[5],
                    order_key=row[6],
                    event_id=row[7],
                    legal_entity=row[8],
                    posting_date=row[9],
                    currency=row[10],
                    legs=legs.get(row[0], ()),
                )

    def _rows(self, name: str, values: Sequence[Any] = ()) -> list[Row]:
        with _readable(self._picture.place):
            return self._picture.rows(name, values)


@contextmanager
def _readable(place: str) -> Iterator[None]:
    """SQLite's own errors as ours."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise LedgerUnavailable(f"{place}: cannot be read ({error}); `asiento verify` says what is wrong with it") from error


def _number(value: Any) -> int:
    """A whole number, whatever somebody has put there: databases add up to decimals, and a damaged row to anything."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return -1


def _group(row: Row) -> LedgerGroup:
    cell = (str(row[2]), str(row[3]), str(row[4]), str(row[5]))
    debits_high, debits, credits_high, credits_low, legs, weighed, captured_high, captured = (_number(value) for value in row[6:])
    return LedgerGroup(
        (row[0], row[1]),
        cell,
        (debits_high << _HALF) + debits,
        (credits_high << _HALF) + credits_low,
        legs,
        weighed,
        (captured_high << _HALF) + captured,
    )


class LedgerThread:
    """Runs what is asked of one ledger in a thread of its own, one picture at a time."""

    def __init__(self, ledger_url: str) -> None:
        self._url = ledger_url
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tie-out-ledger")
        self._picture: LedgerPicture | None = None

    async def look(self) -> LedgerSums:
        """Picture the ledger as it is now and add it up; the picture stays until `leave`. Raises `LedgerError`."""
        return await self._run(self._look)

    async def ask(self, question: Callable[[LedgerPicture], Answer]) -> Answer:
        """A question to the picture; raises `LedgerError`."""
        return await self._run(lambda: question(self._opened()))

    async def places(self) -> Mapping[int, int]:
        """How far the ledger is booked now; raises `LedgerError`."""
        return await self._run(self._places)

    async def leave(self) -> None:
        """Let go of the picture: a ledger in a file keeps its log as long as somebody looks at it."""
        await self._run(self._leave)

    def close(self) -> None:
        """Take no more questions; does not wait for one that is being answered."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _look(self) -> LedgerSums:
        self._leave()
        self._picture = LedgerPicture(self._url)
        return self._picture.sums()

    def _places(self) -> Mapping[int, int]:
        with closing(LedgerPicture(self._url)) as picture:
            return picture.places()

    def _opened(self) -> LedgerPicture:
        if self._picture is None:
            self._picture = LedgerPicture(self._url)
        return self._picture

    def _leave(self) -> None:
        picture, self._picture = self._picture, None
        if picture is not None:
            picture.close()
