"""A replay without a broker: equal by the same policy on every outcome there is, different by another one, and never mistaken."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from asiento.accounting.policy import DEFAULT_POLICIES, Policy, PolicyBook
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.replaying.folding import Folding
from asiento.cli.replaying.ranges import TakenRanges, Wanted
from asiento.cli.replaying.report import ReplayReport
from asiento.cli.replaying.run import ReplayPlan, replay
from schemas.decisions import OUTCOMES, decode_decisions
from schemas.topics import ACCOUNTING_DECISIONS, ORDERS_EVENTS
from sinks.ledger_access import reader_at
from tests.projected_log import ProjectedLog, book
from tests.projected_stream import STARTED_AT, projected_stream

NET = PolicyBook(((0, Policy(discounts="net")),))


class Replaying:
    """A captured stream, its ledger, and replays of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = ProjectedLog(projected_stream(seed=3, orders=40))
        self.ledger = folder / "ledger.sqlite"
        self._number = 0

    async def replay(self, policies: PolicyBook = DEFAULT_POLICIES, **wanted: Any) -> ReplayReport:
        """One replay into a shadow of its own."""
        self._number += 1
        plan = ReplayPlan(
            wanted=Wanted(**wanted),
            ledger_url=f"sqlite:///{self.ledger}",
            shadow=self.shadow,
            policies=policies,
            topic=lambda name: name,
            clock=lambda: STARTED_AT,
        )
        return await replay(self.log, plan)

    @property
    def shadow(self) -> Path:
        """The shadow ledger of the last replay."""
        return self.folder / f"shadow-{self._number}.sqlite"

    def alter(self, sql: str) -> None:
        """Change the ledger behind its protections."""
        with closing(sqlite3.connect(self.ledger, isolation_level=None)) as connection:
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            assert connection.execute(sql).rowcount > 0


@pytest.fixture(scope="module")
def booked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger that has booked everything."""
    books = Replaying(tmp_path_factory.mktemp("books"))
    asyncio.run(book(books.log, books.ledger))
    return books.ledger


@pytest.fixture
def books(tmp_path: Path, booked: Path) -> Replaying:
    """Everything booked, in a copy of this test's own."""
    books = Replaying(tmp_path)
    shutil.copy(booked, books.ledger)
    return books


async def test_the_same_policy_gives_the_same_books_whatever_the_outcomes(books: Replaying) -> None:
    report = await books.replay()
    assert report.same, report.listed
    with reader_at(f"sqlite:///{books.ledger}") as real, reader_at(f"sqlite:///{books.shadow}") as shadow:
        assert {row.entry_id: row.content_hash for row in real.all_rows()} == {row.entry_id: row.content_hash for row in shadow.all_rows()}
        assert real.balances() == shadow.balances()
        assert report.here == report.there == report.equal == real.last_entry()[0] > 200
    assert report.outcomes["here"] == report.outcomes["there"]
    assert report.records == sum(report.outcomes["here"].values()) == len(list(books.log.stream.records(ORDERS_EVENTS)))
    batches = [decode_decisions(record.value) for record in books.log.stream.records(ACCOUNTING_DECISIONS)]
    told = {one.outcome for batch in batches for one in batch.outcomes}
    assert told >= {"posted", "duplicate", "deferred", "rejected", "dead_letter"}, set(OUTCOMES) - told
    assert any(batch.healed for batch in batches)


async def test_another_policy_tells_what_would_have_changed(books: Replaying) -> None:
    report = await books.replay(NET)
    assert not report.same
    assert report.differing > 10
    assert {row["account"] for row in report.differing_totals()} >= {"sales_discounts"}
    fields = report.listed["differing"][0]["fields"]
    assert set(fields) >= {"postings", "content_hash"}
    assert sum(row["here"] for row in report.all_totals()) == sum(row["there"] for row in report.all_totals()) == 0


@pytest.mark.parametrize("start", [0, 40, 41])
async def test_a_range_of_offsets_is_compared_with_its_own_books_only(books: Replaying, start: int) -> None:
    report = await books.replay(offsets={0: (start, start + 30)})
    assert report.same, report.listed
    ((number, (first, end)),) = report.ranges.items()
    assert (number, first <= start, end >= start + 30) == (0, True, True)
    assert 0 < report.here < 200
    assert report.records == end - first


async def test_ranges_that_join_give_all_the_books(books: Replaying) -> None:
    whole = await books.replay()
    end = whole.ranges[0][1]
    first = await books.replay(offsets={0: (0, 35)})
    second = await books.replay(offsets={0: (first.ranges[0][1], end)})
    only = await books.replay(offsets={0: (0, end)})
    assert first.same
    assert second.same
    assert first.here + second.here == only.here


async def test_a_record_that_was_healed_in_the_range_counts_wherever_it_was_parked(books: Replaying) -> None:
    batches = [decode_decisions(record.value) for record in books.log.stream.records(ACCOUNTING_DECISIONS)]
    own = {batch: {one.event_id for one in batch.outcomes} for batch in batches}
    batch = next(one for one in batches if any(healed.event_id not in own[one] for healed in one.healed))
    report = await books.replay(offsets={batch.partition: (batch.first_offset, batch.next_offset)})
    earlier = sum(healed.event_id not in own[batch] for healed in batch.healed)
    assert report.same
    assert sum(report.outcomes["here"].values()) == sum(report.outcomes["there"].values()) == report.records + earlier


async def test_times_are_those_of_the_records(books: Replaying) -> None:
    middle = (STARTED_AT + 60_000_000) // 1000
    before, after = await books.replay(to_ms=middle), await books.replay(from_ms=middle)
    assert before.same
    assert after.same
    assert before.records + after.records >= (await books.replay()).records
    assert (await books.replay(from_ms=middle * 2)).records == 0


async def test_what_the_sink_has_not_booked_is_compared_as_it_stands_on_the_topic(tmp_path: Path) -> None:
    books = Replaying(tmp_path)
    await book(books.log, books.ledger, share=0.4)
    report = await books.replay()
    assert report.same, report.listed
    assert 0 < report.pending < report.there == report.here


@pytest.mark.parametrize(
    ("sql", "counted", "field"),
    [
        ("UPDATE entry SET memo = memo || '!' WHERE entry_no = 7", "differing", "memo"),
        ("UPDATE entry SET posting_date = '2020-01-01' WHERE entry_no = 7", "differing", "posting_date"),
        ("DELETE FROM entry WHERE entry_no = 7", "only_here", None),
    ],
)
async def test_altered_books_differ(books: Replaying, sql: str, counted: str, field: str | None) -> None:
    books.alter(sql)
    report = await books.replay()
    counts = {name: getattr(report, name) for name in ("differing", "only_here", "only_there", "differing_outcomes")}
    assert {name: number for name, number in counts.items() if number} == {counted: 1}
    if field is not None:
        (found,) = report.listed["differing"]
        assert (set(found["fields"]), found["content_hash_equal"]) == ({field}, True)


async def test_an_entry_and_an_outcome_that_only_the_workers_made(books: Replaying, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record at partition 0 offset 0 is refused by the replay."""
    original = Folding.partition

    async def without_first(self: Any, number: int, start: int, records: Any) -> AsyncIterator[Any]:
        async def but_the_first() -> AsyncIterator[Any]:
            async for found in records:
                yield [one for one in found if (number, one.offset) != (0, 0)]

        async for answer in original(self, number, start, but_the_first()):
            yield answer

    monkeypatch.setattr(Folding, "partition", without_first)
    report = await books.replay()
    assert report.differing_outcomes >= 1
    assert report.listed["outcomes"][0]["here"] is None
    assert report.listed["outcomes"][0]["there"] is not None


async def test_a_topic_that_lost_its_beginning_is_refused(books: Replaying) -> None:
    books.log.cut[ORDERS_EVENTS] = 3
    with pytest.raises(CommandError, match="begins at offset 3"):
        await books.replay()


async def test_a_shadow_is_never_written_over(books: Replaying) -> None:
    (books.folder / "shadow-1.sqlite").write_bytes(b"")
    with pytest.raises(CommandError, match="is there already"):
        await books.replay()


@pytest.mark.parametrize("text", ["0:5-5", "0:9-1", "x:1-2", "0:1", "0:-1-2", "0:1-2-3"])
def test_offsets_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="PARTITION:START-END"):
        Wanted.parse(None, None, [text])


def test_options_that_contradict_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude"):
        Wanted.parse("2026-01-01T00:00:00Z", None, ["0:1-2"])
    with pytest.raises(UsageError, match="twice"):
        Wanted.parse(None, None, ["0:1-2", "0:3-4"])
    with pytest.raises(UsageError, match="--from yesterday"):
        Wanted.parse("yesterday", None, [])
    assert Wanted.parse("2026-01-01T00:00:00.0001Z", None, []).from_ms == 1_767_225_600_001


def test_a_range_takes_whole_batches() -> None:
    ranges = TakenRanges({0: (5, 12)})
    assert [ranges.take(0, first, first + 4) for first in (0, 4, 8, 12)] == [False, True, True, False]
    assert not ranges.take(1, 0, 100)
    assert ranges.taken == {0: (4, 12)}
