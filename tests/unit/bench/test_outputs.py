"""Whether two runners wrote the same."""

from dataclasses import replace

from bench.outputs import Canonical, decisions_form, differences, records_form, states_form
from bench.topics import Record
from schemas.decisions import DecisionBatch, RecordOutcome, encode_decisions


def outcome(offset: int, name: str = "posted") -> RecordOutcome:
    """Of the record at an offset."""
    return RecordOutcome(offset=offset, event_id=f"e{offset}", order_key="t:s:1", outcome=name, code=None, entry_ids=())


def batch(*outcomes: RecordOutcome) -> Record:
    """A decision batch of partition 3."""
    first, last = outcomes[0].offset, outcomes[-1].offset
    value = DecisionBatch(
        topic="t", partition=3, first_offset=first, next_offset=last + 1, outcomes=outcomes, healed=(), worker="w", decided_at=last
    )
    return Record(3, None, encode_decisions(value))


def test_the_order_of_records_does_not_count_but_their_number_and_bytes_do() -> None:
    one, two = Record(0, b"k", b"1"), Record(1, b"k", b"2")
    assert records_form([one, two]) == records_form([two, one])
    assert records_form([one, two]) != records_form([one, two, two])
    assert records_form([one, two]).digest != records_form([one, two._replace(value=b"3")]).digest
    assert records_form([Record(0, b"k", b"1")]) != records_form([Record(0, b"k1", b"")])


def test_of_a_changelog_the_last_state_counts() -> None:
    states = [Record(0, b"a", b"1"), Record(0, b"b", b"1"), Record(0, b"a", b"2")]
    assert states_form(states) == states_form([Record(0, b"a", b"2"), Record(0, b"b", b"1")])
    assert states_form([*states, Record(0, b"b", None)]) == states_form([Record(0, b"a", b"2")])


def test_decisions_are_the_same_however_they_are_batched() -> None:
    together = decisions_form([batch(outcome(1), outcome(2))])
    assert together == decisions_form([batch(outcome(2)), batch(outcome(1))])
    assert together != decisions_form([batch(outcome(1)), batch(outcome(2, "ignored"))])


def test_differences_are_told_in_words() -> None:
    expected = {"entries": Canonical(2, "aa"), "states": Canonical(1, "bb"), "decisions": Canonical(1, "cc")}
    assert differences(expected, expected) == []
    found = {"entries": Canonical(3, "aa"), "states": replace(expected["states"], digest="00")}
    assert differences(expected, found) == [
        "entries: 3 instead of 2",
        "states: 1 as expected, but with other bytes",
        "decisions: none were read",
    ]
