"""Rounding and sharing, by hand."""

from fractions import Fraction

import pytest

from sources.synthetic.arithmetic import decimal_text, part, quantity_text, rounded, shares


@pytest.mark.parametrize(("expected", "value"), [(1, "1/2"), (-1, "-1/2"), (0, "49/100"), (2, "3/2"), (-2, "-3/2"), (7, "7")])
def test_halves_go_away_from_zero(expected: int, value: str) -> None:
    assert rounded(Fraction(value)) == expected


def test_a_third_of_100_three_times_is_100() -> None:
    assert [part(100, start, 1, 3) for start in range(3)] == [33, 34, 33]


def test_shares_give_leftovers_to_the_largest_remainder_then_weight_then_order() -> None:
    assert shares(1000, [9999, 5000]) == [667, 333]
    assert shares(1, [5, 5]) == [1, 0]
    assert shares(10, [0, 0]) == [0, 0]
    assert shares(2, [3, 1, 2]) == [1, 0, 1]


def test_texts_of_amounts_and_quantities() -> None:
    assert [decimal_text(*value) for value in ((1234, 2), (-5, 2), (1234, 0))] == ["12.34", "-0.05", "1234"]
    assert [quantity_text(micro) for micro in (2_000_000, 1_500_000, 5_000)] == ["2", "1.5", "0.005"]
