"""Entries of the stream and of the ledger, side by side: both come in the order of their ids, so that neither is held in memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from sinks.bookkeeping.reader import BookedEntry
from sinks.databases.database import Row
from sinks.report.figures import Range
from sinks.report.money import MoneySums
from sinks.report.timeline import Bookings


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEntry:
    """An entry as the projector saw it: `debits` in minor units; `arrived_at` None where its event is not projected."""

    entry_id: str
    entry_kind: str
    currency: str
    exponent: int
    debits: int
    arrived_at: int | None
    reversed_kind: str | None


@dataclass(slots=True)
class Matched:
    """What was found while both sides were walked."""

    committed: int = 0
    booked: int = 0
    not_projected: int = 0
    doubled: int = 0
    without_arrival: int = 0
    last_booked_at: int = 0


def stream_entry(row: Row) -> StreamEntry:
    """A row of `stream_entries.sql`."""
    entry_id, kind, body, arrived_at, reversed_kind = row
    value = orjson.loads(body)
    debits = sum(leg["amount"] for leg in value["postings"] if leg["side"] == "DEBIT")
    return StreamEntry(
        entry_id=entry_id,
        entry_kind=kind,
        currency=value["currency"],
        exponent=value["currency_exponent"],
        debits=debits,
        arrived_at=arrived_at,
        reversed_kind=reversed_kind,
    )


def walk(stream: Iterable[StreamEntry], ledger: Iterable[BookedEntry], wanted: Range, money: MoneySums, bookings: Bookings) -> Matched:
    """Match both sides by entry_id; both must come in that order.

    An entry belongs to the range when its event arrived in it; a booking belongs to the timeline when it was made in it. Entries whose
    arrival is not known belong to the whole only.
    """
    matched = Matched()
    rows = _by_id(ledger, matched)
    booked = next(rows, None)
    for entry in stream:
        while booked is not None and booked[0].entry_id < entry.entry_id:
            _only_in_ledger(booked, wanted, money, bookings, matched)
            booked = next(rows, None)
        mine = () if booked is None or booked[0].entry_id != entry.entry_id else booked
        if mine:
            booked = next(rows, None)
            if wanted.has(mine[0].booked_at):
                bookings.add(mine[0].booked_at, entry.arrived_at)
        if entry.arrived_at is None:
            matched.without_arrival += 1
        if wanted.has(entry.arrived_at) if entry.arrived_at is not None else not wanted.bounded:
            _count(entry, mine, money, matched)
    while booked is not None:
        _only_in_ledger(booked, wanted, money, bookings, matched)
        booked = next(rows, None)
    return matched


def _by_id(ledger: Iterable[BookedEntry], matched: Matched) -> Iterator[tuple[BookedEntry, ...]]:
    """The rows of the ledger, those of one id together: more than one is a doubled entry."""
    held: tuple[BookedEntry, ...] = ()
    for row in ledger:
        matched.last_booked_at = max(matched.last_booked_at, row.booked_at)
        if held and held[0].entry_id != row.entry_id:
            yield held
            held = ()
        matched.doubled += bool(held)
        held = (*held, row)
    if held:
        yield held


def _count(entry: StreamEntry, mine: tuple[BookedEntry, ...], money: MoneySums, matched: Matched) -> None:
    matched.committed += 1
    matched.booked += bool(mine)
    money.add("stream", entry.currency, entry.exponent, entry.entry_kind, entry.reversed_kind, entry.debits)
    _add_booked(mine, money)


def _add_booked(rows: tuple[BookedEntry, ...], money: MoneySums) -> None:
    for row in rows:
        money.add("ledger", row.currency, row.currency_exponent, row.entry_kind, row.reversed_kind, row.debits)


def _only_in_ledger(rows: tuple[BookedEntry, ...], wanted: Range, money: MoneySums, bookings: Bookings, matched: Matched) -> None:
    matched.not_projected += 1
    if wanted.has(rows[0].booked_at):
        bookings.add(rows[0].booked_at, None)
    if not wanted.bounded:
        _add_booked(rows, money)
