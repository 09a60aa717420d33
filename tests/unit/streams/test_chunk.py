"""One chunk through the core: every record one outcome, states through the overlay, everything encoded, nothing too large."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import decode_decisions
from schemas.entries import decode_entry
from schemas.events import encode_event_json
from schemas.order_state import decode_state
from schemas.partitioning import partition_for
from sources.synthetic.day import trading_day
from streams import chunk as chunk_module
from streams.chunk import ChunkOutput, Workplace, fold_chunk
from streams.engine.processor import RangeTooLarge, SourceRange
from tests.unit.streams.offline_engine import Record

ONE_PARTITION = Workplace(
    partition_count=1, policies=DEFAULT_POLICIES, worker="w1", worker_version="1.2.3", decided_at=1_700_000_000_000_000
)


def day_records(orders: int) -> list[Record]:
    """A synthetic day on one partition."""
    arrivals = trading_day(5, orders).arrivals
    values = [arrival.raw if arrival.event is None else encode_event_json(arrival.event) for arrival in arrivals]
    return [Record(offset, arrival.key, value) for offset, (arrival, value) in enumerate(zip(arrivals, values, strict=True))]


def fold(
    records: Sequence[Record], states: dict[bytes, OrderState] | None = None, *, first: int = 0, end: int | None = None
) -> ChunkOutput:
    """Fold a range of the events topic."""
    source = SourceRange(
        topic="orders", partition=0, first_offset=first, next_offset=first + len(records) if end is None else end, records=records
    )
    return fold_chunk(source, (states or {}).get, ONE_PARTITION)


def test_every_record_has_one_outcome_in_offset_order() -> None:
    records = day_records(10)
    output = fold(records)
    (decisions,) = output.decisions
    batch = decode_decisions(decisions.value)
    assert batch == output.batch
    assert [one.offset for one in batch.outcomes] == [record.offset for record in records]
    assert sum(output.counts.outcomes.values()) == len(records)
    assert output.counts.outcomes["dead_letter"] == len(output.dead_letters) >= 1


def test_decision_batch_covers_the_range_it_was_given() -> None:
    """Offsets that were never delivered have no outcome, but belong to the range; a range without records is one, too."""
    batch = fold([], first=40, end=47).batch
    assert (batch.first_offset, batch.next_offset, batch.outcomes) == (40, 47, ())
    assert (batch.worker, batch.decided_at) == ("w1", ONE_PARTITION.decided_at)


def test_chunks_of_any_size_give_the_same_entries_outcomes_and_states() -> None:
    """The overlay of one large chunk and the committed states between many small ones are the same to the core."""
    records = day_records(15)
    whole = fold(records)
    states: dict[bytes, OrderState] = {}
    entries: list[Any] = []
    outcomes: list[Any] = []
    for start in range(0, len(records), 7):
        part = fold(records[start : start + 7], states, first=start)
        states |= {state.key: decode_state(state.value) for state in part.states if state.value is not None}
        entries += part.entries
        outcomes += part.batch.outcomes
    assert entries == whole.entries
    assert tuple(outcomes) == whole.batch.outcomes
    assert states == whole.new_states


def test_one_snapshot_per_order_with_its_parked_events() -> None:
    output = fold(day_records(15))
    keys = [state.key for state in output.states]
    assert len(keys) == len(set(keys))
    assert {state.key: state.parked for state in output.states} == {key: len(state.parked) for key, state in output.new_states.items()}


def test_entry_ids_of_outcomes_and_healed_events_are_the_entries() -> None:
    """Entries that a healed event made stand at that event, not at the record that healed it."""
    output = fold(day_records(40))
    named = Counter(entry_id for one in output.batch.outcomes for entry_id in one.entry_ids)
    named.update(entry_id for one in output.batch.healed for entry_id in one.entry_ids)
    assert output.batch.healed
    assert named == Counter(decode_entry(entry.value).entry.entry_id for entry in output.entries)


def test_dead_letter_holds_the_record_as_it_came() -> None:
    poison = Record(3, key=b"\xff", value=b"\x00\x00\x00", headers=(("trace", b"\x01"),))
    output = fold([poison], first=3)
    (letter,) = output.dead_letters
    found = decode_dead_letter(letter.value)
    assert letter.key == poison.key
    assert (found.topic, found.partition, found.offset) == ("orders", 0, 3)
    assert (found.key, found.value, [(header.key, header.value) for header in found.headers]) == (
        poison.key,
        poison.value,
        [("trace", b"\x01")],
    )
    assert (found.reason, found.worker_version) == (output.batch.outcomes[0].code, "1.2.3")


def test_record_on_another_partition_than_its_key_is_a_dead_letter() -> None:
    record = next(record for record in day_records(1) if partition_for(record.key or b"", 2) == 1)
    source = SourceRange(topic="orders", partition=0, first_offset=0, next_offset=1, records=[record])
    two = Workplace(partition_count=2, policies=DEFAULT_POLICIES, worker="w1", worker_version="1", decided_at=0)
    assert fold_chunk(source, lambda _: None, two).batch.outcomes[0].code == "wrong_partition"


def test_event_that_makes_its_order_too_large_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The events before it stand, the order stays as they left it, other orders are not touched."""
    records = [record for record in day_records(3) if record.key == day_records(3)[0].key] + day_records(3)[-1:]
    whole = fold(records)
    sizes = {state.key: len(state.value or b"") for state in whole.states}
    monkeypatch.setattr(chunk_module, "VALUE_BYTES_MAX", max(sizes.values()) - 1)
    output = fold(records)
    assert "too_large" in {one.code for one in output.batch.outcomes}
    assert all(len(state.value or b"") <= chunk_module.VALUE_BYTES_MAX for state in output.states)
    assert output.counts.refusals["too_large"] == len(output.dead_letters)


def test_value_that_no_dead_letter_can_hold_is_named_by_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk_module, "VALUE_BYTES_MAX", 1000)
    (letter,) = fold([Record(0, value=b"x" * 2000)]).dead_letters
    found = decode_dead_letter(letter.value)
    assert found.value is None
    assert "2000 bytes, SHA-256" in found.detail


def test_decisions_that_do_not_fit_one_record_ask_for_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    records = day_records(10)
    monkeypatch.setattr(chunk_module, "VALUE_BYTES_MAX", len(fold(records).decisions[0].value or b"") - 1)
    with pytest.raises(RangeTooLarge):
        fold(records)
