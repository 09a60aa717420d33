"""Reads the figures of a report: one unmoving picture of each database, one after the other."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from typing import Final

from sinks.bookkeeping.reader import LedgerReader
from sinks.databases.database import Database
from sinks.ledger import LedgerMissing
from sinks.ledger_access import reader_at
from sinks.posting.database import POSTINGS
from sinks.posting.errors import PostingsMissing
from sinks.projector.reader import OperationalReader
from sinks.report.entries import Matched, stream_entry, walk
from sinks.report.figures import (
    AGE_LIMITS_SECONDS,
    WAITS,
    DocumentGroup,
    Figures,
    Flow,
    OpenGroup,
    OpenItem,
    OpenItems,
    Outcome,
    Range,
    Timeline,
)
from sinks.report.money import MoneySums
from sinks.report.timeline import MICROSECONDS, STEPS_MAX, Bookings, origin_of, step_for, timeline
from sinks.sql_files import read_sql
from sinks.trial_balance import CurrencyBalances, balances_of

ALL: Final = Range()
OLDEST_LISTED_MAX: Final = 20
_FIRST, _LAST = -(2**62), 2**62


@cache
def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return read_sql(__package__, name)


class TooManySteps(Exception):
    """The range holds more steps of the wanted length than a picture can show."""


def read_figures(
    operational: str, ledger: str, postings: str, wanted: Range = ALL, *, as_of: int | None = None, step_seconds: int | None = None
) -> Figures:
    """Read the databases of these URLs; a ledger or a database of postings that is not there counts as empty.

    Ages count to `as_of`, else to the newest time that any of the databases knows. Raises `TooManySteps`, `OperationalError`,
    `LedgerError`, `PostingError`.
    """
    with ExitStack() as stack:
        reader = stack.enter_context(OperationalReader.at(operational))
        database = reader.database
        stack.enter_context(database.explained())
        try:
            book: LedgerReader | None = stack.enter_context(reader_at(ledger))
        except LedgerMissing:
            book = None
        money, bookings = MoneySums(), Bookings()
        rows = (stream_entry(row) for row in database.stream(statement("stream_entries")))
        matched = walk(rows, book.booked_entries() if book is not None else (), wanted, money, bookings)
        if as_of is None:
            as_of = max(database.query(statement("newest"))[0][0], matched.last_booked_at)
        outcomes = _outcomes(database, wanted)
        postings_place, documents, _ = read_connections(postings)
        return Figures(
            as_of=as_of,
            range=wanted,
            places={"operational": database.place, "ledger": book.place if book is not None else None, "postings": postings_place},
            flow=_flow(matched, sum(one.records for one in outcomes)),
            outcomes=outcomes,
            timeline=_timeline(database, wanted, bookings, step_seconds),
            money=money.result(),
            **read_open(reader, as_of),
            balances=_balances(book),
            documents=documents,
        )


def _flow(matched: Matched, arrived: int) -> Flow:
    return Flow(
        arrived=arrived,
        committed=matched.committed,
        booked=matched.booked,
        not_projected=matched.not_projected,
        doubled=matched.doubled,
        without_arrival=matched.without_arrival,
    )


def _balances(book: LedgerReader | None) -> tuple[CurrencyBalances, ...]:
    return balances_of(book.balances()) if book is not None else ()


def _bounds(wanted: Range) -> dict[str, int]:
    return {"start": _FIRST if wanted.start is None else wanted.start, "stop": _LAST if wanted.stop is None else wanted.stop}


def _outcomes(database: Database, wanted: Range) -> tuple[Outcome, ...]:
    rows = database.query(statement("outcomes"), _bounds(wanted))
    return tuple(Outcome(outcome=outcome or WAITS, code=code, now=now, records=number) for outcome, code, now, number in rows)


def _timeline(database: Database, wanted: Range, bookings: Bookings, step_seconds: int | None) -> Timeline:
    bounds = _bounds(wanted)
    first, last = database.query(statement("arrival_span"), bounds)[0]
    times = [at for at in (first, last, min(bookings.times, default=None), max(bookings.times, default=None)) if at is not None]
    if not times:
        return timeline(0, step_seconds or 1, {}, bookings)
    span = max(times) - min(times)
    step = step_seconds or step_for(span)
    if span // (step * MICROSECONDS) > 10 * STEPS_MAX:
        raise TooManySteps(f"--step: {step} s are more than {10 * STEPS_MAX} steps here; take longer steps or a shorter range")
    origin = origin_of(min(times), step)
    rows = database.query(statement("arrivals"), {**bounds, "origin": origin, "step": step * MICROSECONDS})
    return timeline(origin, step, {row[0]: row[1] for row in rows}, bookings)


def _open(database: Database, name: str, as_of: int) -> OpenItems:
    groups: dict[tuple[str, str], tuple[int, list[int]]] = {}
    oldest: list[OpenItem] = []
    for code, severity, since, item_id, order_key in database.stream(statement(name)):
        _, by_age = groups.setdefault((code, severity), (since, [0] * (len(AGE_LIMITS_SECONDS) + 1)))
        by_age[_age_group(since, as_of)] += 1
        if len(oldest) < OLDEST_LISTED_MAX:
            oldest.append(OpenItem(code=code, since=since, item_id=item_id, order_key=order_key))
    return OpenItems(groups=tuple(_groups(sorted(groups.items()))), oldest=tuple(oldest))


def _groups(found: Iterable[tuple[tuple[str, str], tuple[int, list[int]]]]) -> Iterator[OpenGroup]:
    for (code, severity), (since, by_age) in found:
        yield OpenGroup(code=code, severity=severity, number=sum(by_age), oldest=since, by_age=tuple(by_age))


def _age_group(since: int, as_of: int) -> int:
    return sum(as_of - since >= limit * MICROSECONDS for limit in AGE_LIMITS_SECONDS)


def read_open(reader: OperationalReader, as_of: int) -> Mapping[str, OpenItems]:
    """What is open: `discrepancies`, `parked`, `dead_letters`; ages count to `as_of`. Raises `OperationalUnavailable`."""
    database = reader.database
    with database.explained():
        return {
            "discrepancies": _open(database, "open_discrepancies", as_of),
            "parked": _open(database, "parked_events", as_of),
            "dead_letters": _open(database, "open_dead_letters", as_of),
        }


def read_span(reader: OperationalReader) -> tuple[int, int]:
    """When the first record arrived and the newest time of a record or a decision; 0 where there is none."""
    with reader.database.explained():
        first, last, decided = reader.database.query(statement("span"))[0]
    return first, max(last, decided)


def read_connections(url: str) -> tuple[str | None, tuple[DocumentGroup, ...], Mapping[str, int]]:
    """Where the database of postings is (None: there is none), its documents, and the connections that are doubted, since when.

    Raises `PostingError`.
    """
    try:
        database = POSTINGS.open(url, for_writing=False)
    except PostingsMissing:
        return None, (), {}
    try:
        with database.explained():
            if POSTINGS.present_version(database) == 0:
                return None, (), {}
            POSTINGS.require_current(database)
            rows = database.query(statement("documents"))
            doubted = {row[0]: row[1] for row in database.query(statement("connections"))}
    finally:
        database.close()
    groups = (DocumentGroup(connection=row[0], state=row[1], reason=row[2], number=row[3], oldest=row[4]) for row in rows)
    return database.place, tuple(groups), doubted
