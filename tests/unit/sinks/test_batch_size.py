"""Batches grow while the stream is behind and shrink when a transaction takes too long."""

from sinks.batch_size import BATCH_ENTRIES_FIRST, BOOKING_SECONDS_WANTED, BatchSize

QUICK, SLOW = BOOKING_SECONDS_WANTED / 10, BOOKING_SECONDS_WANTED * 2


def test_full_batches_grow_to_the_bound() -> None:
    size = BatchSize(1_000)
    seen = []
    for _ in range(4):
        seen.append(size.entries)
        size.booked(size.entries, QUICK)
    assert seen == [200, 400, 800, 1_000]


def test_a_batch_that_was_not_full_changes_nothing() -> None:
    size = BatchSize(1_000)
    for seconds in (QUICK, SLOW):
        size.booked(BATCH_ENTRIES_FIRST - 1, seconds)
    assert size.entries == BATCH_ENTRIES_FIRST


def test_a_full_batch_that_took_half_of_the_time_does_not_grow() -> None:
    size = BatchSize(1_000)
    size.booked(BATCH_ENTRIES_FIRST, BOOKING_SECONDS_WANTED * 0.6)
    assert size.entries == BATCH_ENTRIES_FIRST


def test_slow_transactions_halve_the_batches_down_to_the_first_size() -> None:
    size = BatchSize(1_000)
    size.entries = 1_000
    seen = []
    for _ in range(4):
        size.booked(size.entries, SLOW)
        seen.append(size.entries)
    assert seen == [500, 250, BATCH_ENTRIES_FIRST, BATCH_ENTRIES_FIRST]


def test_a_bound_of_one_is_kept() -> None:
    size = BatchSize(1)
    size.booked(1, SLOW)
    assert size.entries == 1
    size.booked(1, QUICK)
    assert size.entries == 1
