"""Lag in seconds: 0 when nothing waits, never the age of an idle partition, never less than what is known."""

from sinks.lag import PartitionLag

SECOND = 1_000_000


def test_nothing_waiting_is_no_lag() -> None:
    assert PartitionLag().seconds(0, 100 * SECOND) == 0.0


def test_the_first_record_after_an_idle_hour_is_no_hour_of_lag() -> None:
    lag = PartitionLag()
    lag.booked(0)
    assert lag.seconds(0, SECOND) == 0.0
    assert lag.seconds(1, 3_600 * SECOND) == 0.0
    assert lag.seconds(1, 3_605 * SECOND) == 5.0


def test_in_a_backlog_it_is_the_age_of_the_record_booked_last() -> None:
    lag = PartitionLag()
    assert lag.seconds(500, 1_000 * SECOND) == 0.0
    lag.booked(400 * SECOND)
    assert lag.seconds(300, 1_001 * SECOND) == 601.0


def test_catching_up_ends_it() -> None:
    lag = PartitionLag()
    lag.seconds(5, 10 * SECOND)
    lag.booked(9 * SECOND)
    assert lag.seconds(0, 11 * SECOND) == 0.0
    assert lag.seconds(2, 20 * SECOND) == 0.0


def test_a_record_whose_clock_is_ahead_hides_nothing_behind_it() -> None:
    lag = PartitionLag()
    lag.seconds(5, 10 * SECOND)
    lag.booked(5_000 * SECOND)
    assert lag.seconds(4, 11 * SECOND) == 0.0
    assert lag.seconds(4, 41 * SECOND) == 30.0


def test_each_batch_counts_also_where_several_were_booked_between_two_looks() -> None:
    lag = PartitionLag()
    lag.seconds(9, 100 * SECOND)
    lag.booked(10 * SECOND)
    lag.booked(90 * SECOND)
    assert lag.seconds(3, 101 * SECOND) == 11.0
