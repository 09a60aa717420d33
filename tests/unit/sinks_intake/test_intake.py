"""The intake of a connection: whatever the batches, what is planned comes to what was booked, once; what waits goes on when it can."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest

from asiento.accounting.journal import JournalEntry
from schemas.discrepancies import decode_discrepancy
from schemas.entries import encode_entry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection, Posting
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.effects import effects
from sinks.intake.closing import close_due_summaries
from sinks.intake.intake import planned, whole_events
from sinks.intake.planning import NO_FORM, Planner, closing_time
from sinks.intake.replanning import Replanning
from sinks.ledger import OffsetRange, StreamEntry
from sinks.posting.rows import EntryState, Intake, TakenCounts
from sinks.posting.store import PostingStore
from tests.unit.sinks.journal import STREAM, hashed
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND, JOURNALS, JOURNALS_ONLY
from tests.unit.sinks_planner.lived import entries_of
from tests.unit.sinks_planner.rules import Rules

NOW = 1_800_000_000_000_000
DAY = 86_400_000_000
LIVES = [("calm", 3), ("messy", 5), ("messy", 11), ("hostile", 7), ("hostile", 19)]
ENTRIES = [entry for profile, seed in LIVES for entry in entries_of(profile, seed)]
MODES = [pytest.param(JOURNALS, JOURNALS_ONLY, id="journals"), pytest.param(DOCUMENTS, EVERY_KIND, id="documents")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PostingStore]:
    opened = PostingStore.serve(f"sqlite:///{tmp_path / 'postings.sqlite'}", "books")
    opened.intake.bind(STREAM, (0,))
    yield opened
    opened.close()


def streamed(entries: Sequence[JournalEntry], first: int = 0) -> list[StreamEntry]:
    return [
        StreamEntry(partition=0, offset=first + place, hashed=hashed(entry), value=encode_entry(entry))
        for place, entry in enumerate(entries)
    ]


def interleaved(seed: int) -> list[JournalEntry]:
    """The lives mixed, each in its own order."""
    chance, lives = random.Random(seed), [list(entries_of(profile, number)) for profile, number in LIVES]
    mixed: list[JournalEntry] = []
    while lives := [life for life in lives if life]:
        mixed.append(chance.choice(lives).pop(0))
    return mixed


def take(store: PostingStore, planner: Planner, entries: Sequence[StreamEntry]) -> TakenCounts:
    batch = planned(planner, store, entries, NOW)
    moved = OffsetRange(partition=0, start=entries[0].offset, end=entries[-1].offset + 1)
    return store.intake.take(Intake(ranges=(moved,), entries=tuple(batch.taken), discrepancies=tuple(batch.raised)), NOW)


def take_all(store: PostingStore, planner: Planner, entries: Sequence[StreamEntry], seed: int = 0) -> None:
    chance, place = random.Random(seed), 0
    while place < len(entries):
        size = chance.randrange(1, 12)
        take(store, planner, entries[place : place + size])
        place += size


def plan_again(store: PostingStore, planner: Planner) -> None:
    one = Replanning(planner)
    while one.page(store, NOW):
        pass


def documents_in(store: PostingStore) -> list[LedgerDocument]:
    groups = {entry.order_key for entry in ENTRIES}
    return [row.document for rows in store.intake.documents_of(groups).values() for row in rows]


def booked(entries: Sequence[JournalEntry]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for entry in entries:
        for posting in entry.postings:
            sums[posting.account.upper()] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return Counter({account: amount for account, amount in sums.items() if amount})


def moved(documents: Sequence[LedgerDocument]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for document in documents:
        sums.update(effects(document))
    return Counter({account: amount for account, amount in sums.items() if amount})


@pytest.mark.parametrize(("connection", "capabilities"), MODES)
@pytest.mark.parametrize("seed", range(3))
def test_any_batches_come_to_the_same_books(store: PostingStore, connection: Connection, capabilities: Capabilities, seed: int) -> None:
    take_all(store, Planner(connection, capabilities, Rules()), streamed(interleaved(seed)), seed)
    documents = documents_in(store)
    assert moved(documents) == booked(ENTRIES)
    assert len({document.key for document in documents}) == len(documents)
    assert set(chain.from_iterable(document.entry_ids for document in documents)) == {
        entry.entry_id for entry in ENTRIES if booked([entry]) or document_of(entry)
    }


def document_of(entry: JournalEntry) -> bool:
    return entry.document is not None


def test_entries_that_come_again_are_counted_once(store: PostingStore) -> None:
    planner, entries = Planner(JOURNALS, JOURNALS_ONLY, Rules()), ENTRIES[:20]
    take_all(store, planner, streamed(entries))
    again = streamed([*entries, *entries], first=20)
    assert take(store, planner, again) == TakenCounts(taken=0, duplicates=40, conflicts=0)
    changed = replace(entries[0], business_date="2031-01-01")
    assert take(store, planner, streamed([changed], first=60)) == TakenCounts(taken=0, duplicates=0, conflicts=1)
    assert moved(documents_in(store)) == booked(entries)


def test_entries_of_other_entities_are_not_its_business(store: PostingStore) -> None:
    planner = Planner(replace(JOURNALS, entities=frozenset({"somebody else"})), JOURNALS_ONLY, Rules())
    assert not any(planner.concerns(hashed(entry)) for entry in ENTRIES)
    assert planner.connection.entities is not None
    assert all(Planner(JOURNALS, JOURNALS_ONLY, Rules()).concerns(hashed(entry)) for entry in ENTRIES)


def test_a_connection_may_take_some_currencies_only() -> None:
    planner = Planner(replace(JOURNALS, currencies=frozenset({"EUR", "JPY"})), JOURNALS_ONLY, Rules())
    taken = {entry.currency for entry in ENTRIES if planner.concerns(hashed(entry))}
    assert taken == {entry.currency for entry in ENTRIES} & {"EUR", "JPY"}
    assert taken != {entry.currency for entry in ENTRIES}


@pytest.mark.parametrize(("connection", "capabilities"), MODES)
def test_what_has_no_account_waits_and_goes_on_when_it_is_mapped(
    store: PostingStore, connection: Connection, capabilities: Capabilities
) -> None:
    missing = frozenset({entry.postings[0].account for entry in ENTRIES if entry.postings[0].account.startswith("psp_clearing")})
    assert missing
    planner = Planner(connection, capabilities, Rules(missing=missing))
    take_all(store, planner, streamed(interleaved(1)))
    waiting = store.intake.counts()[EntryState.WAITING]
    assert waiting
    assert {about for about, *_ in store.intake.waiting()} <= {*missing, None}
    raised = [decode_discrepancy(item.value) for item in store.outbox.pending_discrepancies(1_000)]
    assert raised
    assert {(one.code, one.state, dict(one.parameters)["ledger"]) for one in raised} == {("D23", "OPEN", "books")}

    plan_again(store, planner)
    assert store.intake.counts()[EntryState.WAITING] == waiting, "nothing was asked for"

    planner.account_mapping = Rules(digest="mapped")
    assert store.intake.use_mapping("mapped")
    plan_again(store, planner)
    assert EntryState.WAITING not in store.intake.counts()
    assert moved(documents_in(store)) == booked(ENTRIES)
    told = [decode_discrepancy(item.value) for item in store.outbox.pending_discrepancies(10_000)]
    newest = {one.discrepancy_id: one.state for one in told}
    assert set(newest.values()) == {"RESOLVED"}
    assert len(newest) >= len({one.discrepancy_id for one in raised})


def test_in_documents_an_order_waits_as_a_whole(store: PostingStore) -> None:
    entries = next(life for profile, seed in LIVES if len(life := entries_of(profile, seed)) > 5)
    first = entries[0].postings[0].account
    take_all(store, Planner(DOCUMENTS, EVERY_KIND, Rules(missing=frozenset({first}))), streamed(entries))
    assert store.intake.counts() == {EntryState.WAITING: len(entries)}
    rows = store.intake.entries([entry.entry_id for entry in entries[1:]])
    assert any(row.about is None for row in rows)


def test_what_a_ledger_has_no_form_for_waits_for_a_person(store: PostingStore) -> None:
    many = next(entry for entry in ENTRIES if len({posting.account for posting in entry.postings}) > 2)
    take(store, Planner(JOURNALS, replace(JOURNALS_ONLY, journal_lines_max=2), Rules()), streamed([many]))
    (row,) = store.intake.entries([many.entry_id])
    assert (row.state, row.about) == (EntryState.WAITING, NO_FORM)
    assert row.reason is not None
    assert "lines" in row.reason


def test_summaries_come_to_the_same_books_and_late_entries_to_another_number(store: PostingStore) -> None:
    planner = Planner(replace(JOURNALS, posting=Posting.SUMMARY), JOURNALS_ONLY, Rules())
    entries = streamed(interleaved(4))
    take_all(store, planner, entries[:-20])
    assert close_due_summaries(planner, store, NOW) == 0, "none is due"
    later = NOW + 4_000 * DAY
    while close_due_summaries(planner, store, later):
        pass
    first = summaries_in(store)
    take_all(store, planner, entries[-20:])
    while close_due_summaries(planner, store, later):
        pass
    documents = summaries_in(store)
    assert {document.key: document.digest for document in first}.items() <= {
        document.key: document.digest for document in documents
    }.items()
    assert moved(documents) == booked(ENTRIES)
    assert sorted(chain.from_iterable(document.entry_ids for document in documents)) == sorted(
        entry.entry_id for entry in told_in(documents)
    )


def summaries_in(store: PostingStore) -> list[LedgerDocument]:
    groups = {row[0] for row in store.session.database.query("SELECT DISTINCT document_group FROM posting")}
    return [row.document for rows in store.intake.documents_of(groups).values() for row in rows]


def told_in(documents: Sequence[LedgerDocument]) -> list[JournalEntry]:
    named = set(chain.from_iterable(document.entry_ids for document in documents))
    return [entry for entry in ENTRIES if entry.entry_id in named]


def test_a_full_summary_is_closed_before_its_time(store: PostingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sinks.intake.closing.SUMMARY_ENTRIES_MAX", 3)
    planner = Planner(replace(JOURNALS, posting=Posting.SUMMARY), JOURNALS_ONLY, Rules())
    take_all(store, planner, streamed(ENTRIES))
    assert close_due_summaries(planner, store, NOW) > 0
    assert all(document.kind is DocumentKind.JOURNAL for document in summaries_in(store))


@pytest.mark.parametrize(
    ("day", "hours", "now", "closes"),
    [
        ("2027-01-14", 6, 0, 1_800_000_000_000_000 - 2 * 3_600_000_000),
        ("2020-01-01", 6, NOW, NOW + 30 * 60_000_000),
    ],
)
def test_a_summary_is_closed_some_hours_after_its_day_or_a_while_after_its_first_entry(day: str, hours: int, now: int, closes: int) -> None:
    assert closing_time(day, replace(JOURNALS, summary_closes_after_hours=hours), now) == closes


def test_an_event_is_taken_as_a_whole() -> None:
    """Whatever was read of it so far: its last entries are held back until something behind them was read."""
    entries = streamed(interleaved(2))
    events = [entry.hashed.entry.event_id for entry in entries]
    for end in range(1, len(entries) + 1):
        whole, held, ranges = whole_events(entries[:end], [OffsetRange(partition=0, start=0, end=end)])
        assert [*whole, *held] == entries[:end]
        assert {entry.hashed.entry.event_id for entry in held} == {events[end - 1]}
        assert not {entry.hashed.entry.event_id for entry in held} & {entry.hashed.entry.event_id for entry in whole[-1:]}
        assert [(moved.start, moved.end) for moved in ranges] == ([(0, held[0].offset)] if held[0].offset else [])


def test_what_was_read_past_is_whole() -> None:
    entries = streamed(ENTRIES[:4])
    other = replace(entries[0], partition=1)
    ranges = [OffsetRange(partition=0, start=0, end=5), OffsetRange(partition=1, start=0, end=1), OffsetRange(partition=2, start=3, end=4)]
    whole, held, cut = whole_events([*entries, other], ranges)
    assert (whole, held) == (entries, [other])
    assert cut == (ranges[0], ranges[2])
