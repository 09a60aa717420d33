"""The verdict of a burst, and whether books are the same."""

from bench.books import books_digest, differing_rows
from bench.burst import Moment, judged


def test_a_burst_is_over_when_the_lag_is_gone() -> None:
    moments = [Moment(0, 10, 100), Moment(10, 9_000, 120), Moment(20, 4_000, 110), Moment(30, 200, 100), Moment(40, 0, 100)]
    words, faults = judged(moments, burst_ends=15, catch_up_seconds=25, quiet_rate=300)
    assert faults == []
    assert "lag at most 9000 events, gone 15 s after the burst" in words
    assert "ratio 1.20" in words


def test_a_lag_that_stays_and_memory_that_swells_are_faults() -> None:
    _, faults = judged([Moment(0, 0, 1), Moment(20, 4_000, 1)], burst_ends=15, catch_up_seconds=5, quiet_rate=300)
    assert faults == ["the lag was not gone 5 s after the burst: 4000"]
    _, faults = judged([Moment(0, 0, 140), Moment(20, 0, 100)], burst_ends=15, catch_up_seconds=5, quiet_rate=300)
    assert faults == ["memory: more than 1.3 times what is there when the lag is gone"]


def test_rows_and_entries_must_be_the_same() -> None:
    assert differing_rows({"a": "1", "b": "2"}, {"b": "2", "a": "1"}) == []
    assert differing_rows({"a": "1", "b": "2"}, {"b": "3", "c": "1"}) == [
        "1 of 2 entries are not in the ledger",
        "1 rows of the ledger are no entries",
        "1 rows of the ledger have another content",
    ]
    assert books_digest({"a": "1", "b": "2"}) == books_digest({"b": "2", "a": "1"}) != books_digest({"a": "1", "b": "3"})
