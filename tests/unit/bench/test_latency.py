"""Latency from the scheduled time."""

from bench.latency import WARM_RECORDS, Beside, Load, due_times, latency_of


def test_latency_counts_from_the_schedule_and_what_never_came_is_told() -> None:
    """Three events at 10 a second from second 100 on; the first entry is of a warm event."""
    triggers = {"warm": WARM_RECORDS - 1, "a": WARM_RECORDS, "b": WARM_RECORDS + 1, "c": WARM_RECORDS + 2}
    due = due_times(Load(seed=1, records=3, rate=10.0), 100.0, triggers)
    assert due == {"a": 100.0, "b": 100.1, "c": 100.2}
    entries, rows = {"warm": 99.0, "a": 100.5, "b": 100.5, "c": 100.5}, {"a": 101.0, "b": 101.0}
    found = latency_of(10.0, due, (entries, rows), Beside(0, 0, 0))
    assert [round(value) for value in found.entry_ms] == [500, 400, 300]
    assert [round(value) for value in found.row_ms] == [1_000, 900]
    assert found.missing == 1
