"""murmur2 against the implementation of a Kafka client, and against values of Kafka's own tests."""

import pytest
from aiokafka.partitioner import murmur2 as client_murmur2
from hypothesis import given
from hypothesis import strategies as st

from schemas.acceptance import accept_record
from schemas.events import encode_event_json, event_from_json
from schemas.partitioning import murmur2, partition_for
from schemas.refusal import Refusal
from tests.unit.schemas import examples


@given(st.binary(max_size=64))
def test_the_hash_of_the_java_client(data: bytes) -> None:
    assert murmur2(data) == client_murmur2(data) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_published_values(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed & 0xFFFFFFFF


def test_partitions_are_in_range() -> None:
    assert {partition_for(str(number).encode(), 8) for number in range(500)} == set(range(8))


KEY = b"acme:shopify:main:1001"
VALUE = encode_event_json(examples.captured())
PARTITION = partition_for(KEY, 48)


def test_a_record_that_is_right_is_accepted() -> None:
    assert accept_record(key=KEY, value=VALUE, partition=PARTITION, partition_count=48) == event_from_json(examples.captured())


@pytest.mark.parametrize(
    ("key", "value", "partition", "reason"),
    [
        (None, VALUE, PARTITION, "wrong_key"),
        (b"", VALUE, PARTITION, "wrong_key"),
        (KEY + b"x", VALUE, PARTITION, "wrong_key"),
        (b"\xff", VALUE, PARTITION, "wrong_key"),
        (KEY, VALUE, (PARTITION + 1) % 48, "wrong_partition"),
        (KEY, None, PARTITION, "empty_value"),
    ],
)
def test_records_that_are_refused(key: bytes | None, value: bytes | None, partition: int, reason: str) -> None:
    refusal = accept_record(key=key, value=value, partition=partition, partition_count=48)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == reason
