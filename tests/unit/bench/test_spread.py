"""Figures of several rounds."""

import pytest

from bench.spread import Spread, percentile, ratios, spread


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    assert spread([3.0, 1.0, 2.0]).text() == "2.0 (1.0-3.0)"
    assert spread([2.0]).text(2) == "2.00"


def test_a_ratio_is_taken_inside_each_round() -> None:
    """The second round ran on a machine half as fast; the ratio of the medians would be 1.5."""
    rounds = [(10.0, 10.0), (30.0, 20.0), (11.0, 10.0)]
    assert ratios(rounds, lambda one: one[0], lambda one: one[1]).median == 1.1


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([5.0, 1.0, 3.0], 0.5) == 3.0
    assert percentile([float(number) for number in range(101)], 0.99) == 99.0
    assert percentile([7.0], 0.99) == 7.0


def test_nothing_has_no_figures() -> None:
    with pytest.raises(ValueError, match="no round"):
        spread([])
    with pytest.raises(ValueError, match="no value"):
        percentile([], 0.5)
