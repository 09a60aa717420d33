"""The hash chain: whatever happens to a record, the links before it stay and every link from it on is another."""

import hashlib
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.chain import START, Unsealable, entry_seal, next_link, seal

RECORDS = st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=12, unique=True)
PLACES = st.integers(min_value=0, max_value=10**6)


def links(records: Sequence[tuple[int, bytes]], partition: int = 3) -> list[str]:
    """The chain of (offset, value) records, `START` first."""
    found = [START]
    for offset, value in records:
        found.append(next_link(found[-1], partition, offset, value))
    return found


def _diverges_at(before: list[str], after: list[str]) -> int:
    """How many links two chains share; none must agree again behind that."""
    shared = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), min(len(before), len(after)))
    assert not set(before[shared:]) & set(after[shared:])
    return shared


def test_a_link_is_what_the_decision_says() -> None:
    text = bytes(32) + (3).to_bytes(4, "big") + (17).to_bytes(8, "big") + b"value"
    assert next_link(START, 3, 17, b"value") == hashlib.sha256(text).hexdigest()


def test_a_seal_is_the_hash_of_a_json_array() -> None:
    assert seal(1, "á", None) == hashlib.sha256('[1,"á",null]'.encode()).hexdigest()
    assert entry_seal(START, "ab", 1, 2) == hashlib.sha256(json.dumps([START, "ab", 1, 2], separators=(",", ":")).encode()).hexdigest()


@pytest.mark.parametrize("value", [b"bytes", 2**70, "\ud800"])
def test_what_the_ledger_never_writes_has_no_seal(value: object) -> None:
    with pytest.raises(Unsealable):
        seal(value)


@given(RECORDS, st.data())
def test_an_edited_record_changes_its_link_and_all_behind(values: list[bytes], data: st.DataObject) -> None:
    records = list(enumerate(values))
    at = data.draw(st.integers(0, len(records) - 1))
    edited = list(records)
    edited[at] = (at, records[at][1] + b"!")
    assert _diverges_at(links(records), links(edited)) == at + 1


@given(RECORDS, st.data())
def test_a_deleted_record_changes_the_chain_from_there(values: list[bytes], data: st.DataObject) -> None:
    records = list(enumerate(values))
    at = data.draw(st.integers(0, len(records) - 1))
    assert _diverges_at(links(records), links(records[:at] + records[at + 1 :])) == at + 1


@given(RECORDS, st.data())
def test_an_inserted_record_changes_the_chain_from_there(values: list[bytes], data: st.DataObject) -> None:
    records = [(2 * offset, value) for offset, value in enumerate(values)]
    at = data.draw(st.integers(0, len(records) - 1))
    inserted = [*records[:at], (2 * at - 1, b"forged"), *records[at:]]
    assert _diverges_at(links(records), links(inserted)) == at + 1


@given(RECORDS, st.data())
def test_reordered_records_change_the_chain_from_the_first_of_them(values: list[bytes], data: st.DataObject) -> None:
    records = list(enumerate(values))
    one, other = sorted(data.draw(st.lists(st.integers(0, len(records) - 1), min_size=2, max_size=2, unique=True)))
    swapped = list(records)
    swapped[one], swapped[other] = (one, records[other][1]), (other, records[one][1])
    assert _diverges_at(links(records), links(swapped)) == one + 1


@given(RECORDS, st.data())
def test_a_cut_tail_leaves_an_earlier_head(values: list[bytes], data: st.DataObject) -> None:
    records = list(enumerate(values))
    kept = data.draw(st.integers(0, len(records) - 1))
    whole = links(records)
    assert links(records[:kept])[-1] == whole[kept] != whole[-1]


@given(PLACES, PLACES, st.binary(min_size=1))
def test_place_and_partition_are_part_of_a_link(one: int, other: int, value: bytes) -> None:
    assert (next_link(START, 0, one, value) == next_link(START, 0, other, value)) == (one == other)
    assert next_link(START, 0, one, value) != next_link(START, 1, one, value)
