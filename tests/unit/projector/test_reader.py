"""What operators ask the database: orders, queues, counts; and when a thing counts as open."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from schemas.operator_actions import OperatorAction
from schemas.topics import ACCOUNTING_DECISIONS, ORDERS_DLQ, ORDERS_EVENTS
from sinks.databases.sqlite import SqliteDatabase, open_sqlite
from sinks.projector.answers import Cursor
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.errors import ForeignOperational, OperationalUnavailable
from sinks.projector.reader import OperationalReader
from tests.projected_stream import MUG_ORDER, STARTED_AT, ProjectedStream, act, projected_stream
from tests.unit.projector.feeding import written

AT = STARTED_AT + 9_000_000_000


@contextmanager
def reading(stream: ProjectedStream) -> Iterator[OperationalReader]:
    with OperationalReader(written(stream).database) as reader:
        yield reader


def operate(stream: ProjectedStream, kind: str, subject_kind: str, subject: str, at: int = AT, **more: Any) -> OperatorAction:
    action = OperatorAction(kind=kind, subject_kind=subject_kind, subject=subject, actor="eva", reason="because", at=at, **more)
    return act(stream, action)


def test_the_file_of_an_order_has_everything() -> None:
    with reading(projected_stream()) as reader:
        order = reader.order(MUG_ORDER)
    assert [line.event_type for line in order.events] == [
        "PaymentCaptured",
        "OrderPlaced",
        "ShipmentDispatched",
        "ShipmentDispatched",
        "RefundIssued",
        "ShipmentDispatched",
    ]
    assert [line.outcome for line in order.events] == ["posted", "posted", "posted", "duplicate", "posted", "deferred"]
    assert [entry.entry_seq for entry in order.entries] == [1, 2, 3, 4, 5, 6]
    assert [entry.entry().entry_id for entry in order.entries] == [entry.entry_id for entry in order.entries]
    assert sorted(entry_id for line in order.events for entry_id in line.entry_ids) == sorted(entry.entry_id for entry in order.entries)
    assert [(event.code, event.event_type, event.business_key) for event in order.parked] == [("D11", "ShipmentDispatched", "shipment:s2")]
    assert {"PROPOSE", "APPROVE", "ASSIGN"} <= {action.kind for action in order.actions}
    assert {ack.ledger for acks in order.acks_of.values() for ack in acks} == {"books"}
    assert {ack.status for acks in order.acks_of.values() for ack in acks} == {"POSTED"}


def test_an_unknown_order_is_not_known() -> None:
    with reading(projected_stream()) as reader:
        assert not reader.order("acme:shopify:main:nobody").known


def test_a_healed_event_has_the_outcome_of_its_last_judging() -> None:
    with reading(projected_stream()) as reader:
        parked = {event.event_id for event in reader.parked(limit=None)}
        lines = [line for line in _all_events(reader) if line.first_outcome == "deferred"]
        healed = [line for line in lines if line.healed]
        assert healed
        assert {line.event_id for line in lines if line.outcome == "deferred"} == parked
        for line in healed:
            assert line.outcome == "posted"
            assert line.entry_ids == line.healed[0].entry_ids


def _all_events(reader: OperationalReader) -> list[Any]:
    offsets = [offset for offset in reader.offsets() if offset.topic == ORDERS_EVENTS]
    found = [reader.event_at(one.partition, number) for one in offsets for number in range(one.next_offset)]
    return [line for line in found if line is not None]


def test_a_rejected_event_is_open_until_it_is_resolved_or_replayed() -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        every = reader.rejected(state=None)
        open_ones = reader.rejected()
        assert {event.state for event in every} == {"OPEN", "RESOLVED"}
        assert sum(reader.open_counts().rejected.values()) == len(open_ones)
    first = open_ones[0].event_id
    operate(stream, "REPLAY", "EVENT", first)
    with reading(stream) as reader:
        assert [event.state for event in reader.rejected(state=None, event_id=first)] == ["RESOLVED"]
        assert sum(reader.open_counts().rejected.values()) == len(reader.rejected()) == len(open_ones) - 1
    operate(stream, "REOPEN", "EVENT", first, AT + 1)
    with reading(stream) as reader:
        assert reader.rejected() == open_ones


def test_a_rejected_event_is_open_again_when_what_was_sent_for_it_is_rejected_too() -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        (once, *_) = reader.rejected()
    operate(stream, "REPLAY", "EVENT", once.event_id, once.since - 1)
    with reading(stream) as reader:
        assert once in reader.rejected()
        assert sum(reader.open_counts().rejected.values()) == len(reader.rejected())


def test_nobody_answers_a_proposal_of_their_own() -> None:
    stream = projected_stream()
    proposal = operate(stream, "PROPOSE", "DISCREPANCY", "d-1")
    act(stream, replace(proposal, kind="APPROVE", actor=" EVA", refers_to=proposal.action_id))
    with reading(stream) as reader:
        assert proposal.action_id in {one.action_id for one in reader.open_proposals()}
    act(stream, replace(proposal, kind="APPROVE", actor="bob", refers_to=proposal.action_id))
    with reading(stream) as reader:
        assert proposal.action_id not in {one.action_id for one in reader.open_proposals()}


def test_a_rejected_event_that_comes_again_and_is_posted_is_not_rejected_any_more() -> None:
    with reading(projected_stream()) as reader:
        order = reader.order("acme:shopify:main:wrong-money-1")
        assert [line.outcome for line in order.events] == ["posted", "rejected", "posted"]
        assert order.rejected == ()


def test_a_discrepancy_is_open_until_the_stream_or_an_operator_resolves_it() -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        first = reader.discrepancies()[0]
        resolved_by = {line.resolved_by for line in reader.discrepancies(state="RESOLVED", limit=None)}
    assert "operator" in resolved_by
    name = first.value.discrepancy_id
    operate(stream, "REPLAY", "DISCREPANCY", name)  # sends an event; the discrepancy stays
    with reading(stream) as reader:
        assert [line.state for line in reader.discrepancies(state=None, discrepancy_id=name)] == ["OPEN"]
    operate(stream, "RESOLVE", "DISCREPANCY", name)
    with reading(stream) as reader:
        (line,) = reader.discrepancies(state=None, discrepancy_id=name)
        assert (line.state, line.resolved_by, line.value.state) == ("RESOLVED", "operator", "OPEN")
        assert name not in {one.value.discrepancy_id for one in reader.discrepancies(limit=None)}


@pytest.mark.parametrize("later", ["RESOLVE", "REOPEN"])
def test_of_two_actions_at_one_moment_the_higher_id_counts(later: str) -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        name = reader.discrepancies()[0].value.discrepancy_id
    other = "REOPEN" if later == "RESOLVE" else "RESOLVE"
    ids = {kind: operate(stream, kind, "DISCREPANCY", name).action_id for kind in (later, other)}
    with reading(stream) as reader:
        (line,) = reader.discrepancies(state=None, discrepancy_id=name)
    assert line.state == ("RESOLVED" if ids["RESOLVE"] > ids["REOPEN"] else "OPEN")


def test_a_dead_letter_is_open_until_it_is_replayed_and_keeps_none_of_its_bytes() -> None:
    with reading(projected_stream()) as reader:
        letters = reader.dead_letters(state=None, limit=None)
        replayed = [letter for letter in letters if letter.replays]
        assert {letter.state for letter in replayed} == {"RESOLVED"}
        assert {letter.subject for letter in reader.dead_letters()} == {letter.subject for letter in letters if not letter.replays}
        assert sum(reader.open_counts().dead_letters.values()) == len(letters) - len(replayed)
        keys = {letter.order_key for letter in letters}
    assert "acme:shopify:main:poison-1" in keys
    assert None in keys


def test_the_newest_assignment_counts() -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        name = reader.discrepancies()[0].value.discrepancy_id
    operate(stream, "ASSIGN", "DISCREPANCY", name, AT + 2, assignee="zoe")
    operate(stream, "ASSIGN", "DISCREPANCY", name, AT + 1, assignee="ana")
    with reading(stream) as reader:
        assert [line.value.discrepancy_id for line in reader.discrepancies(assignee="zoe")] == [name]


def test_an_answered_proposal_is_not_open() -> None:
    with reading(projected_stream()) as reader:
        (open_one,) = reader.open_proposals()
        assert open_one.reason == "by hand again"
        assert reader.open_counts().proposals == 1


def test_pages_join_without_gap_or_overlap() -> None:
    with reading(projected_stream()) as reader:
        whole = reader.discrepancies(state=None, limit=None)
        pages: list[Any] = []
        after = Cursor(0, "")
        while page := reader.discrepancies(state=None, limit=2, after=after):
            pages += page
            after = page[-1].cursor
    assert tuple(pages) == whole
    assert len(whole) > 2


def test_open_counts_agree_with_the_lists() -> None:
    with reading(projected_stream()) as reader:
        counts = reader.open_counts()
        assert sum(counts.parked.values()) == len(reader.parked(limit=None)) > 0
        assert sum(counts.discrepancies.values()) == len(reader.discrepancies(limit=None)) > 0


def test_a_batch_that_was_decided_before_changes_nothing() -> None:
    stream = projected_stream()
    before = [(line.outcome, line.entry_ids) for line in _orders_lines(stream)]
    for partition, records in stream.topics[ACCOUNTING_DECISIONS].items():
        for record in list(records):
            stream.put(ACCOUNTING_DECISIONS, partition, None, record.value, AT)
    assert [(line.outcome, line.entry_ids) for line in _orders_lines(stream)] == before


def _orders_lines(stream: ProjectedStream) -> list[Any]:
    with reading(stream) as reader:
        return _all_events(reader)


def test_offsets_are_those_of_the_topics() -> None:
    stream = projected_stream()
    with reading(stream) as reader:
        for one in reader.offsets():
            assert one.next_offset == stream.end(one.topic, one.partition)
        assert any(one.next_offset for one in reader.offsets() if one.topic == ORDERS_DLQ)


def test_there_must_be_a_database(tmp_path: Path) -> None:
    with pytest.raises(OperationalUnavailable, match="asiento sinks run projector"):
        OperationalReader.at(f"sqlite:///{tmp_path / 'none.sqlite'}")
    with pytest.raises(OperationalUnavailable, match="must start with"):
        OperationalReader.at("mysql://somewhere")


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    database = open_sqlite(path, OPERATIONAL, for_writing=True)
    database.change("CREATE TABLE letters (number BIGINT)")
    with pytest.raises(ForeignOperational, match="no operational database of asiento"):
        migrate(database)
    database.close()


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    database.change("INSERT INTO operational_version (version) VALUES (99)")
    with pytest.raises(ForeignOperational, match="run the newer program"):
        migrate(database)
    database.close()
