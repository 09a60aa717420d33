"""What every database of postings must do; run on SQLite in the gate and on PostgreSQL with the integration tests."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from uuid import NAMESPACE_URL, uuid5

import pytest

from asiento.accounting.decision import Discrepancy
from schemas.discrepancies import decode_discrepancy
from schemas.entries import HashedEntry, encode_entry
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.ledger import OffsetRange, StreamEntry, StreamIdentity
from sinks.posting.errors import ForeignPostings, PostingInUse, PostingMoved
from sinks.posting.rows import (
    EntryState,
    Impossible,
    Intake,
    Move,
    Nothing,
    Plan,
    Planned,
    PostingRow,
    PostingState,
    RaisedDiscrepancy,
    Summarized,
    TakenEntry,
    Waits,
)
from sinks.posting.sending_store import Pause
from sinks.posting.store import PostingStore
from tests.unit.sinks.journal import STREAM, hashed, invoice

CONNECTION = "books"
NOW = 1_750_000_000_000_000
SECOND = 1_000_000


def key_of(name: str) -> str:
    """The key of a document of this name."""
    return str(uuid5(NAMESPACE_URL, name))


def document(
    name: str,
    *,
    entry_ids: tuple[str, ...] = (),
    group: str = "order-1",
    sequence: int = 1,
    needs: tuple[str, ...] = (),
    amount: int = 100,
    account: str = "1000",
) -> LedgerDocument:
    """A journal of two lines."""
    return LedgerDocument(
        key=key_of(name),
        kind=DocumentKind.JOURNAL,
        entry_ids=entry_ids,
        legal_entity="MX01",
        group=group,
        sequence=sequence,
        reference=name,
        date="2025-06-15",
        currency="MXN",
        currency_exponent=2,
        memo=name,
        lines=(
            LedgerLine(account=account, role="cash", amount=amount, description="debit"),
            LedgerLine(account="4000", role="revenue", amount=-amount, description="credit"),
        ),
        depends_on=tuple(key_of(other) for other in needs),
    )


def entry(number: int, *, offset: int | None = None, order: int | None = None, seq: int = 1, amount: int = 11_600) -> StreamEntry:
    """The entry of this number, of an order of its own unless told otherwise."""
    value = replace(invoice(number, amount=amount), entry_seq=seq)
    if order is not None:
        value = replace(value, order_key=f"t1:shopify:mx:{order}")
    known: HashedEntry = hashed(value)
    return StreamEntry(partition=0, offset=number - 1 if offset is None else offset, hashed=known, value=encode_entry(value))


def taken(number: int, plan: Plan | None = None, **words: int) -> TakenEntry:
    """The entry with a plan: one document of its own unless told otherwise."""
    one = entry(number, **words)
    if plan is None:
        plan = Planned(documents=(document(f"d{number}", entry_ids=(one.hashed.entry.entry_id,), group=one.hashed.entry.order_key),))
    return TakenEntry(entry=one, plan=plan)


def intake(start: int, end: int, *entries: TakenEntry) -> Intake:
    """Entries of a range of partition 0."""
    return Intake(ranges=(OffsetRange(partition=0, start=start, end=end),), entries=entries)


def step(row: PostingRow, state: PostingState, **changes: object) -> Move:
    """A step of a document from SENDING."""
    plain = Move(
        key=row.key, before=PostingState.SENDING, state=state, ready_at=NOW, failures=0, tried_since=row.tried_since, open_since=None
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def posted(store: PostingStore, name: str, remote_id: str = "r-1") -> None:
    """Bring one planned document to stand in the ledger."""
    (row,) = store.sending.documents([key_of(name)])
    store.sending.begin_attempt([row], NOW)
    store.sending.settle([step(row, PostingState.POSTED, remote_id=remote_id, remote_number="N1")], NOW)


def told(store: PostingStore) -> list[tuple[str, str | None]]:
    """Status and reason of all pending acks; they are then marked as published."""
    page = store.outbox.pending_acks(1_000)
    store.outbox.mark_published(page)
    return [(pending.ack.status, pending.ack.reason) for pending in page.acks]


class StoreCases:
    """One behaviour each; a subclass has the fixture `url` of an empty database."""

    @pytest.fixture
    def store(self, url: str) -> Iterator[PostingStore]:
        with closing(PostingStore.serve(url, CONNECTION)) as store:
            store.intake.bind(STREAM, (0, 1))
            yield store

    def test_an_entry_is_taken_once_with_its_offset(self, store: PostingStore) -> None:
        counts = store.intake.take(intake(0, 5, taken(1), taken(2)), NOW)
        assert (counts.taken, counts.duplicates, counts.conflicts) == (2, 0, 0)
        again = store.intake.take(intake(5, 6, taken(1, offset=5)), NOW)
        assert (again.taken, again.duplicates, again.conflicts) == (0, 1, 0)
        assert store.intake.bind(STREAM, (0, 1)) == {0: 6, 1: 0}
        assert [row.document.reference for row in store.sending.due(NOW)] == ["d1", "d2"]

    def test_a_moved_offset_keeps_nothing(self, store: PostingStore) -> None:
        with pytest.raises(PostingMoved, match="not at offset 3"):
            store.intake.take(intake(3, 5, taken(1)), NOW)
        assert store.sending.due(NOW) == ()
        assert store.intake.known([entry(1).hashed.entry.entry_id]) == {}

    def test_another_content_is_kept_aside_and_told(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 1, taken(1)), NOW)
        counts = store.intake.take(intake(1, 2, taken(1, offset=1, amount=99)), NOW)
        assert counts.conflicts == 1
        assert [status for status, _ in told(store)] == ["REJECTED"]
        assert [row.document.total for row in store.sending.due(NOW)] == [100]

    def test_another_stream_is_refused(self, store: PostingStore) -> None:
        other = StreamIdentity(cluster_id="cluster-a", topic=STREAM.topic, topic_id="BBBB")
        with pytest.raises(ForeignPostings, match="topic id"):
            store.intake.bind(other, (0, 1))

    def test_a_second_process_of_a_connection_is_told(self, store: PostingStore, url: str) -> None:
        with pytest.raises(PostingInUse, match="books"):
            PostingStore.serve(url, CONNECTION)
        with closing(PostingStore.serve(url, "another")) as other:
            assert other.intake.bind(STREAM, (0,)) == {0: 0}

    def test_an_entry_is_told_when_all_its_documents_stand(self, store: PostingStore) -> None:
        entry_id = entry(1).hashed.entry.entry_id
        parts = (document("a", entry_ids=(entry_id,)), document("b", entry_ids=(entry_id,), sequence=2))
        store.intake.take(intake(0, 1, taken(1, Planned(documents=parts))), NOW)
        posted(store, "a", "r-a")
        assert told(store) == []
        posted(store, "b", "r-b")
        page = store.outbox.pending_acks(10)
        assert [(pending.ack.status, pending.ack.remote_id, pending.partition) for pending in page.acks] == [("POSTED", "r-a, r-b", 0)]
        assert store.intake.entries([entry_id])[0].value is None

    def test_each_change_of_an_entry_is_told_once(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 1, taken(1)), NOW)
        (row,) = store.sending.due(NOW)
        for attempt in range(2):
            store.sending.begin_attempt([row], NOW)
            store.sending.settle([step(row, PostingState.PARKED, reason="mapping", about="4711", message="no such account")], NOW)
            assert told(store) == ([("PARKED", "mapping: 4711: no such account")] if attempt == 0 else [])
            store.sending.release(store.sending.listed(PostingState.PARKED, about="4711"), "ana", "made", NOW)
            assert told(store) == []
            (row,) = store.sending.due(NOW)
        assert row.attempt == 2

    def test_a_document_is_due_when_what_it_needs_stands(self, store: PostingStore) -> None:
        entry_id = entry(1).hashed.entry.entry_id
        parts = (
            document("invoice", entry_ids=(entry_id,), group="o1"),
            document("payment", entry_ids=(entry_id,), group="o2", needs=("invoice",)),
        )
        store.intake.take(intake(0, 1, taken(1, Planned(documents=parts))), NOW)
        assert [row.document.reference for row in store.sending.due(NOW)] == ["invoice"]
        posted(store, "invoice", "remote-7")
        assert [row.document.reference for row in store.sending.due(NOW)] == ["payment"]
        assert store.sending.remote_ids([key_of("invoice"), key_of("payment")]) == {key_of("invoice"): "remote-7"}

    def test_the_order_of_a_group_is_kept_while_an_earlier_one_is_open(self, store: PostingStore) -> None:
        entry_id = entry(1).hashed.entry.entry_id
        parts = tuple(document(f"n{number}", entry_ids=(entry_id,), sequence=number) for number in (1, 2))
        store.intake.take(intake(0, 1, taken(1, Planned(documents=parts))), NOW)
        (first,) = store.sending.due(NOW)
        store.sending.begin_attempt([first], NOW)
        assert store.sending.due(NOW) == ()
        store.sending.settle([step(first, PostingState.UNCERTAIN, ready_at=NOW + SECOND, open_since=NOW)], NOW)
        assert store.sending.due(NOW) == ()
        assert store.sending.next_ready(NOW) == NOW + SECOND
        (uncertain,) = store.sending.uncertain(NOW + SECOND)
        store.sending.settle([step(uncertain, PostingState.PARKED, before=PostingState.UNCERTAIN, reason="uncertain")], NOW)
        assert [row.document.reference for row in store.sending.due(NOW)] == ["n2"]

    def test_what_was_being_sent_is_uncertain_after_a_restart(self, url: str) -> None:
        with closing(PostingStore.serve(url, CONNECTION)) as store:
            store.intake.bind(STREAM, (0,))
            store.intake.take(intake(0, 1, taken(1)), NOW)
            store.sending.begin_attempt(store.sending.due(NOW), NOW + 5)
        with closing(PostingStore.serve(url, CONNECTION)) as store:
            assert store.sending.resume(NOW + 9, NOW + 20) == 1
            assert store.sending.resume(NOW + 9, NOW + 20) == 0
            assert store.sending.uncertain(NOW + 19) == ()
            (row,) = store.sending.uncertain(NOW + 20)
            assert (row.open_since, row.sent_at, row.attempt, row.sent_with) == (NOW + 9, NOW + 5, 1, 1)
            assert told(store) == [("UNCERTAIN", "the process ended while the call was under way")]
            assert [event.state for event in store.sending.history(row.key)] == ["PLANNED", "SENDING", "UNCERTAIN"]

    def test_two_cannot_send_the_same_document(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 1, taken(1)), NOW)
        rows = store.sending.due(NOW)
        store.sending.begin_attempt(rows, NOW)
        with pytest.raises(PostingMoved, match="not PLANNED any more"):
            store.sending.begin_attempt(rows, NOW)

    def test_a_waiting_entry_is_planned_when_the_mapping_changes(self, store: PostingStore) -> None:
        assert store.intake.use_mapping("m1")
        first, second = entry(1, order=7, seq=1), entry(2, order=7, seq=2)
        waiting = (
            TakenEntry(entry=first, plan=Waits(about="revenue:toys EUR", reason="no rule")),
            TakenEntry(entry=second, plan=Waits(about=None, reason="behind")),
        )
        raised = Discrepancy(
            discrepancy_id="7c1f7f4e-0000-5000-8000-000000000001",
            code="D23",
            severity="medium",
            order_key=first.hashed.entry.order_key,
            event_id=None,
            entry_id=first.hashed.entry.entry_id,
            account="revenue:toys",
            expected=None,
            actual=None,
            currency="EUR",
            parameters=(),
            raised_at=NOW,
            state="OPEN",
        )
        store.intake.take(replace(intake(0, 2, *waiting), discrepancies=(RaisedDiscrepancy(partition=0, value=raised),)), NOW)
        assert [status for status, _ in told(store)] == ["PARKED", "PARKED"]
        assert store.intake.orders_that_wait([first.hashed.entry.order_key, "other"]) == {first.hashed.entry.order_key}
        assert store.intake.waiting() == (("revenue:toys EUR", 1, NOW, "no rule"),)
        (pending,) = store.outbox.pending_discrepancies(10)
        assert decode_discrepancy(pending.value) == raised
        store.outbox.mark_raised(pending.number)
        assert store.outbox.pending_discrepancies(10) == ()
        assert not store.intake.use_mapping("m1")
        assert store.intake.entries_to_plan() == ()
        assert store.intake.use_mapping("m2")
        rows = store.intake.entries_to_plan()
        assert [(row.entry_id, row.value) for row in rows] == [(one.hashed.entry.entry_id, one.value) for one in (first, second)]
        plans = [
            (row, Planned(documents=(document(f"p{row.entry_seq}", entry_ids=(row.entry_id,), sequence=row.entry_seq),))) for row in rows
        ]
        store.intake.plan_again(plans, (), NOW)
        assert store.intake.entries_to_plan() == ()
        assert [row.document.reference for row in store.sending.due(NOW)] == ["p1"]
        assert store.intake.counts() == {EntryState.PLANNED: 2}

    def test_a_document_that_could_not_be_mapped_gets_its_new_accounts(self, store: PostingStore) -> None:
        store.intake.use_mapping("m1")
        store.intake.take(intake(0, 1, taken(1)), NOW)
        (row,) = store.sending.due(NOW)
        store.sending.begin_attempt([row], NOW)
        store.sending.settle([step(row, PostingState.PARKED, reason="mapping", about="1000")], NOW)
        store.intake.use_mapping("m2")
        (again,) = store.intake.entries_to_plan()
        mended = replace(document("d1", entry_ids=(again.entry_id,), account="1001"), group=row.document.group)
        store.intake.plan_again([(again, Planned(documents=(mended,)))], (), NOW)
        (ready,) = store.sending.due(NOW)
        assert (ready.key, ready.document.lines[0].account, ready.digest) == (row.key, "1001", mended.digest)

    def test_a_document_that_fails_by_an_older_mapping_is_planned_by_the_new_one(self, store: PostingStore) -> None:
        store.intake.use_mapping("m1")
        store.intake.take(intake(0, 1, taken(1)), NOW)
        store.intake.use_mapping("m2")
        assert store.intake.entries_to_plan() == ()  # it may be right as it is
        (row,) = store.sending.due(NOW)
        store.sending.begin_attempt([row], NOW)
        store.sending.settle([step(row, PostingState.PARKED, reason="mapping", about="1000")], NOW)
        (again,) = store.intake.entries_to_plan()
        mended = replace(document("d1", entry_ids=(again.entry_id,), account="1001"), group=row.document.group)
        store.intake.plan_again([(again, Planned(documents=(mended,)))], (), NOW)
        (ready,) = store.sending.due(NOW)
        store.sending.begin_attempt([ready], NOW)
        store.sending.settle([step(ready, PostingState.PARKED, reason="mapping", about="1001")], NOW)
        assert store.intake.entries_to_plan() == ()

    def test_a_document_that_may_be_booked_keeps_its_content(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 1, taken(1)), NOW)
        (row,) = store.sending.due(NOW)
        store.sending.begin_attempt([row], NOW)
        store.sending.settle([step(row, PostingState.PARKED, reason="uncertain", open_since=NOW)], NOW)
        (kept,) = store.intake.entries(row.document.entry_ids)
        other = replace(document("d1", entry_ids=(kept.entry_id,), account="1001"), group=row.document.group)
        store.intake.plan_again([(kept, Planned(documents=(other,)))], (), NOW)
        (parked,) = store.sending.listed(PostingState.PARKED)
        assert parked.digest == row.digest
        store.sending.release([parked], "ana", "look again", NOW)
        assert store.sending.due(NOW) == ()
        assert [one.key for one in store.sending.uncertain(NOW)] == [row.key]

    def test_summaries_close_and_what_comes_after_goes_into_the_next(self, store: PostingStore) -> None:
        plan = Summarized(subject="2025-06-15/web/MXN", closes_at=NOW + SECOND)
        store.intake.take(intake(0, 2, taken(1, plan), taken(2, plan)), NOW)
        assert store.intake.due_summaries(NOW, 1_000) == ()
        (due,) = store.intake.due_summaries(NOW + SECOND, 1_000)
        assert due.name == "2025-06-15/web/MXN/1"
        members = store.intake.summary_members(due.name)
        assert len(members) == 2
        assert store.intake.summary_members(due.name, members[-1]) == ()
        journal = document("summary", entry_ids=tuple(row.entry_id for row in members), group=due.name)
        with pytest.raises(PostingMoved, match="planned were 1"):
            store.intake.close_summary(due.name, Planned(documents=(journal,)), 1, NOW)
        store.intake.close_summary(due.name, Planned(documents=(journal,)), 2, NOW)
        store.intake.take(intake(2, 3, taken(3, plan)), NOW)
        assert [row.name for row in store.intake.due_summaries(NOW + SECOND, 1_000)] == ["2025-06-15/web/MXN/2"]
        posted(store, "summary", "j-9")
        assert told(store) == [("POSTED", None), ("POSTED", None)]
        assert [row.document.reference for row in store.sending.documents_of_entry(members[0].entry_id)] == ["summary"]
        assert store.sending.entry_ids_of([journal.key]) == tuple(sorted(journal.entry_ids))

    def test_a_summary_that_could_not_be_mapped_gets_its_new_accounts(self, store: PostingStore) -> None:
        plan = Summarized(subject="2025-06-15/web/MXN", closes_at=NOW)
        store.intake.use_mapping("m1")
        store.intake.take(intake(0, 1, taken(1, plan)), NOW)
        (member,) = store.intake.summary_members("2025-06-15/web/MXN/1")
        first, mended = (document("summary", entry_ids=(member.entry_id,), group="s", account=account) for account in ("1000", "1001"))
        store.intake.close_summary("2025-06-15/web/MXN/1", Planned(documents=(first,)), 1, NOW)
        (row,) = store.sending.due(NOW)
        store.sending.begin_attempt([row], NOW)
        store.sending.settle([step(row, PostingState.PARKED, reason="mapping", about="1000")], NOW)
        store.intake.take(intake(1, 2, taken(2, plan)), NOW)
        store.intake.use_mapping("m2")
        due = store.intake.due_summaries(NOW, 1_000)
        assert [one.name for one in due] == ["2025-06-15/web/MXN/1", "2025-06-15/web/MXN/2"]
        store.intake.close_summary(due[0].name, Planned(documents=(mended,)), 1, NOW)
        assert [one.name for one in store.intake.due_summaries(NOW, 1_000)] == ["2025-06-15/web/MXN/2"]
        (ready,) = store.sending.due(NOW)
        assert (ready.digest, ready.key) == (mended.digest, first.key)
        posted(store, "summary")
        store.intake.use_mapping("m3")
        assert [one.name for one in store.intake.due_summaries(NOW, 1_000)] == ["2025-06-15/web/MXN/2"]
        with pytest.raises(PostingMoved):
            store.intake.close_summary(due[0].name, Planned(documents=(first,)), 1, NOW)

    def test_a_summary_that_comes_to_nothing_is_told(self, store: PostingStore) -> None:
        plan = Summarized(subject="2025-06-15/web/MXN", closes_at=NOW)
        store.intake.take(intake(0, 2, taken(1, plan), taken(2, plan)), NOW)
        store.intake.close_summary("2025-06-15/web/MXN/1", Planned(documents=()), 2, NOW)
        assert told(store) == [("POSTED", "nothing to post: the summary 2025-06-15/web/MXN/1 comes to 0")] * 2
        assert store.intake.counts() == {EntryState.NOTHING: 2}

    def test_entries_without_documents_are_told(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 2, taken(1, Nothing(reason="another entity")), taken(2, Impossible(reason="no such currency"))), NOW)
        assert told(store) == [("POSTED", "nothing to post: another entity"), ("REJECTED", "no such currency")]

    def test_a_document_that_is_given_up_parks_what_needs_it(self, store: PostingStore) -> None:
        entry_id = entry(1).hashed.entry.entry_id
        parts = (
            document("invoice", entry_ids=(entry_id,), group="o1"),
            document("payment", entry_ids=(entry_id,), group="o2", needs=("invoice",)),
            document("allocation", entry_ids=(entry_id,), group="o3", needs=("payment",)),
        )
        store.intake.take(intake(0, 1, taken(1, Planned(documents=parts))), NOW)
        held = store.sending.reject(store.sending.documents([key_of("invoice")]), "ana", "sent by hand", NOW)
        assert set(held) == {key_of("payment"), key_of("allocation")}
        assert told(store) == [("REJECTED", "operator: ana: sent by hand")]
        assert {(count.state, count.reason): count.documents for count in store.sending.counts()} == {
            (PostingState.REJECTED, "operator"): 1,
            (PostingState.PARKED, "dependency"): 2,
        }

    def test_a_pause_outlives_the_process(self, url: str) -> None:
        with closing(PostingStore.serve(url, CONNECTION)) as store:
            store.sending.set_pause(Pause(NOW + SECOND, "quota", "5000 calls a day"))
        with closing(PostingStore.serve(url, CONNECTION)) as store:
            assert store.sending.pause() == Pause(NOW + SECOND, "quota", "5000 calls a day")
            store.sending.set_pause(None)
            assert store.sending.pause() is None

    def test_the_history_keeps_its_first_step_and_the_newest(self, store: PostingStore) -> None:
        store.intake.take(intake(0, 1, taken(1)), NOW)
        for _ in range(150):
            (row,) = store.sending.due(NOW)
            store.sending.begin_attempt([row], NOW)
            store.sending.settle([step(row, PostingState.PLANNED)], NOW)
        events = store.sending.history(row.key)
        assert len(events) == 201
        assert (events[0].before, events[-1].place, events[-1].attempt) == (None, 301, 150)
