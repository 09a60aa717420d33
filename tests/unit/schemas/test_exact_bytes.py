"""What is kept for long takes the room of its bytes, not that in which they were written."""

import tracemalloc

from schemas.exact_bytes import exact_copy
from schemas.order_state import encode_state
from tests.unit.streams.test_chunk import day_records, fold


def test_a_copy_is_equal_and_not_the_same() -> None:
    written = b"x" * 100
    assert exact_copy(written) == written
    assert exact_copy(written) is not written


def test_the_encoded_state_of_an_order_takes_its_own_length_in_memory() -> None:
    """orjson keeps the room it wrote in: 16 kB for a state of 1.7 kB, of a million orders."""
    states = list(fold(day_records(30)).new_states.values())
    tracemalloc.start()
    try:
        kept = [encode_state(state) for state in states]
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken < 1.25 * sum(map(len, kept)) + 100 * len(kept)
