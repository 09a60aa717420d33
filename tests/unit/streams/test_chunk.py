"""One chunk through the core: every record one outcome, states through the overlay, everything encoded, nothing too large."""

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from asiento.accounting.order_events import OrderEvent, ShipmentDispatched, ShipmentLine
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import decode_decisions
from schemas.entries import decode_entry
from schemas.events import encode_event, encode_event_json
from schemas.order_state import decode_state
from schemas.output_codec import HEADERS_MAX
from schemas.partitioning import partition_for
from sources.synthetic.day import trading_day
from streams import chunk as chunk_module
from streams import dead_letters as dead_letters_module
from streams.chunk import ChunkOutput, Workplace, fold_chunk
from streams.engine.processor import RangeTooLarge, SourceRange
from tests.order_making import captured, line, placed, shipped, tax
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
    poison = Record(3, key=b"\xff", value=b"\x00\x00\x00", headers=(("traceparent", b"\x01"),))
    output = fold([poison], first=3)
    (letter,) = output.dead_letters
    found = decode_dead_letter(letter.value)
    assert letter.key == poison.key
    assert (found.topic, found.partition, found.offset) == ("orders", 0, 3)
    assert (found.key, found.value, [(header.key, header.value) for header in found.headers]) == (
        poison.key,
        poison.value,
        [("traceparent", b"\x01")],
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
    limit = max(sizes.values()) - 1
    monkeypatch.setattr(chunk_module, "VALUE_BYTES_MAX", limit)
    output = fold(records)
    assert "too_large" in {one.code for one in output.batch.outcomes}
    assert all(len(state.value or b"") <= limit for state in output.states)
    assert output.counts.refusals["too_large"] == len(output.dead_letters)


def test_value_that_no_dead_letter_can_hold_is_named_by_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters_module, "VALUE_BYTES_MAX", 1000)
    (letter,) = fold([Record(0, value=b"x" * 2000)]).dead_letters
    found = decode_dead_letter(letter.value)
    assert found.value is None
    assert "2000 bytes, SHA-256" in found.detail


def test_more_headers_than_a_dead_letter_can_hold_are_left_out_and_counted() -> None:
    """Each takes memory of whoever reads the letter; key and value stay."""
    headers = (("trace", b"1"),) * HEADERS_MAX
    for more, kept in ((0, HEADERS_MAX), (1, 0)):
        (letter,) = fold([Record(0, value=b"x", headers=headers + headers[:more])]).dead_letters
        found = decode_dead_letter(letter.value)
        assert (found.value, len(found.headers)) == (b"x", kept)
        assert (f"{HEADERS_MAX + 1} headers are left out" in found.detail) == (more == 1)


def test_decisions_that_do_not_fit_one_record_ask_for_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    records = day_records(10)
    monkeypatch.setattr(chunk_module, "VALUE_BYTES_MAX", len(fold(records).decisions[0].value or b"") - 1)
    with pytest.raises(RangeTooLarge):
        fold(records)


def late_from(turn: int) -> Workplace:
    """A workplace that is late from the given record on."""
    turns = iter(range(1, 1000))
    return replace(ONE_PARTITION, is_late=lambda: next(turns) >= turn)


def test_a_fold_that_takes_long_asks_for_halves_but_never_of_one_record() -> None:
    records = day_records(10)
    source = SourceRange(topic="orders", partition=0, first_offset=0, next_offset=len(records), records=records)
    with pytest.raises(RangeTooLarge):
        fold_chunk(source, lambda _: None, late_from(5))
    alone = SourceRange(topic="orders", partition=0, first_offset=0, next_offset=1, records=records[:1])
    assert len(fold_chunk(alone, lambda _: None, late_from(0)).batch.outcomes) == 1


def test_entries_that_are_too_much_for_one_transaction_ask_for_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    records = day_records(10)
    size = sum(len(entry.value or b"") for entry in fold(records).entries)
    monkeypatch.setattr(chunk_module, "OUTPUT_BYTES_MAX", size // 2)
    with pytest.raises(RangeTooLarge):
        fold(records)


def test_an_event_whose_entries_are_too_much_for_one_transaction_is_a_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A capture that waited posts with the order it waited for: two entries of two events, made by one."""
    events = [captured("P1", 1_000, fee=10), placed(line("A", 1_000))]
    records = records_of(events)
    (capture, fee) = (len(entry.value or b"") for entry in fold(records).entries)
    monkeypatch.setattr(chunk_module, "OUTPUT_BYTES_MAX", capture + fee - 1)
    output = fold(records)
    assert [(one.outcome, one.code) for one in output.batch.outcomes] == [("deferred", "D27"), ("dead_letter", "too_large")]
    assert (output.entries, output.states[0].parked) == ([], 1)


def records_of(events: Sequence[OrderEvent]) -> list[Record]:
    """The events of orders as records of one partition."""
    return [Record(offset, event.order_key.encode(), encode_event(event)) for offset, event in enumerate(events)]


def test_a_small_shipment_with_a_huge_invoice_is_a_dead_letter() -> None:
    """14 KB that name one line a thousand times, each time with fifty taxes of long names: half a gigabyte as an invoice."""
    taxes = [tax(1, base=1, rate="1", code=f"{place}{'x' * 1_990}") for place in range(50)]
    order = placed(line("A", 1_000_000, "1000", taxes=taxes))
    shipment = shipped("S1", {})
    assert isinstance(shipment, ShipmentDispatched)
    named = replace(shipment, lines=tuple([ShipmentLine(line_id="A", quantity=1_000_000)] * 1000))
    tracemalloc.start()
    try:
        output = fold(records_of([order, named]))
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
    assert [(one.outcome, one.code) for one in output.batch.outcomes] == [("posted", None), ("dead_letter", "too_large")]


def test_a_dead_letter_keeps_headers_that_say_what_it_is_and_of_others_the_length() -> None:
    headers = (("ce_id", b"7"), ("Traceparent", b"\x00"), ("Authorization", b"Bearer abc"), ("note", b"1"), ("cookie", b""))
    output = fold([Record(0, b"k", b"junk", headers)])
    letter = decode_dead_letter(output.dead_letters[0].value)
    kept = [("ce_id", b"7"), ("Traceparent", b"\x00"), ("Authorization", b"[not kept: 10 bytes]"), ("note", b"[not kept: 1 bytes]")]
    assert [(header.key, header.value) for header in letter.headers] == [*kept, ("cookie", b"")]
    assert (letter.key, letter.value) == (b"k", b"junk")
