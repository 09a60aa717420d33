"""Latency from the scheduled time."""

from bench.latency import WARM_RECORDS, Beside, Load, due_times, latency_of
from bench.open_sender import due_offsets, records_of


def test_latency_counts_from_the_schedule_and_what_never_came_is_told() -> None:
    """Three events at 10 a second from second 100 on; the first entry is of a warm event."""
    triggers = {"warm": WARM_RECORDS - 1, "a": WARM_RECORDS, "b": WARM_RECORDS + 1, "c": WARM_RECORDS + 2}
    due = due_times(Load(seed=1, seconds=0.3, rate=10.0), 100.0, triggers)
    assert due == {"a": 100.0, "b": 100.1, "c": 100.2}
    entries, rows = {"warm": 99.0, "a": 100.5, "b": 100.5, "c": 100.5}, {"a": 101.0, "b": 101.0}
    found = latency_of(10.0, due, (entries, rows), Beside(0, 0, 0))
    assert [round(value) for value in found.entry_ms] == [500, 400, 300]
    assert [round(value) for value in found.row_ms] == [1_000, 900]
    assert found.missing == 1


def test_a_schedule_goes_from_rate_to_rate() -> None:
    schedule = [(2.0, 1.0), (4.0, 0.5), (1.0, 2.0)]
    assert list(due_offsets(schedule)) == [0.0, 0.5, 1.0, 1.25, 1.5, 2.5]
    assert records_of(schedule) == 6
