"""Blocks, Rule 1 and rounding: exact to the minor unit whatever the split."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asiento.accounting.allocation import spread
from asiento.accounting.blocks import Block, BlockUnits, ShippedBlock, gross_of
from asiento.accounting.money import CURRENCY_EXPONENTS, cost_of_units, parse_decimal, round_half_up

amounts = st.tuples(*[st.integers(0, 10**9)] * 5)


@st.composite
def blocks_and_splits(draw: st.DrawFn) -> tuple[Block, list[int]]:
    units = draw(st.integers(1, 10**7))
    cuts = sorted(draw(st.lists(st.integers(0, units), max_size=6)))
    ends = [0, *cuts, units]
    return Block(units, 0, draw(amounts)), [after - before for before, after in pairwise(ends)]


@given(blocks_and_splits())
def test_parts_are_never_negative_and_add_up(case: tuple[Block, list[int]]) -> None:
    block, split = case
    whole, parts = block.amounts, []
    for count in split:
        rest_before = block.rest()
        part, block = block.take(count)
        parts.append(part)
        assert min(part) >= 0
        assert tuple(a + b for a, b in zip(part, block.rest(), strict=True)) == rest_before
    assert tuple(map(sum, zip(*parts, strict=True))) == whole


def test_what_is_below_nothing_rounds_its_halves_away_from_it() -> None:
    """The weight of a line, after an edit below what was taken of it."""
    part, block = Block(52, 0, (-1, 1)).take(26)
    assert (part, block.rest()) == ((-1, 1), (0, 0))


@given(blocks_and_splits())
def test_what_was_taken_depends_on_the_units_only(case: tuple[Block, list[int]]) -> None:
    block, split = case
    _, at_once = block.take(sum(split[:2]))
    for count in split[:2]:
        _, block = block.take(count)
    assert block.rest() == at_once.rest()


@given(blocks_and_splits())
def test_a_part_is_within_one_minor_unit_of_its_exact_share(case: tuple[Block, list[int]]) -> None:
    block, split = case
    part, _ = block.take(split[0])
    for whole, taken in zip(block.amounts, part, strict=True):
        assert abs(taken - Fraction(whole * split[0], block.units)) <= Fraction(1, 2)


def test_thirds_of_a_hundred() -> None:
    block, nets = Block(3_000_000, 0, (10_000, 0, 0, 0)), []
    for _ in range(3):
        part, block = block.take(1_000_000)
        nets.append(part[0])
    assert nets == [3_333, 3_334, 3_333]


def test_a_block_without_units_is_taken_by_its_rest_only() -> None:
    block = Block(0, 0, (-2, 0, 0, -2))
    assert block.take(0)[0] == (0, 0, 0, 0)
    assert block.rest() == (-2, 0, 0, -2)
    assert block.emptied().rest() == (0, 0, 0, 0)


def test_credits_of_a_shipped_block_follow_its_own_count() -> None:
    block = ShippedBlock(0, 2_000_000, Block(2_000_000, 0, (6_667, 0, 0, 0, 1_401)), 1_000_000, None, "sales")
    first, block = block.credit(1_000_000)
    second, block = block.credit(1_000_000)
    assert (first[0], second[0]) == (3_334, 3_333)
    assert (block.uncredited_units, block.returned_units) == (0, 1_000_000)


def _take_slowly(blocks: list[tuple[int, int]], left: list[int], wanted: int, shipment: int | None) -> tuple[list[tuple[int, int]], int]:
    """What `BlockUnits.take` says, block by block from the first one on; blocks: (shipment, micro-units)."""
    taken = []
    for place, (of, _) in enumerate(blocks):
        units = min(wanted, left[place]) if shipment in (None, of) else 0
        if units:
            left[place] -= units
            wanted -= units
            taken.append((place, units))
    return taken, wanted


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), max_size=6),
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 3)), max_size=8),
)
def test_units_are_taken_from_the_oldest_block_that_has_any(blocks: list[tuple[int, int]], takes: list[tuple[int, int | None]]) -> None:
    shipped = tuple(ShippedBlock(shipment, units, Block(units, 0, (0,)), 0, None, "sales") for shipment, units in blocks)
    available = BlockUnits(shipped, [units for _, units in blocks])
    left = [units for _, units in blocks]
    for wanted, shipment in takes:
        expected, missing = _take_slowly(blocks, left, wanted, shipment)
        assert available.take(wanted, shipment) == (tuple(expected), missing)


def test_gross_is_net_and_taxes() -> None:
    assert gross_of((100, 10, 5, 115, 21, 5)) == 126


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=12).filter(any))
def test_shares_add_up_and_are_within_one_of_exact(amount: int, weights: list[int]) -> None:
    shares = spread(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert share >= 0
        assert abs(share - Fraction(amount * weight, sum(weights))) < 1


def test_a_tie_of_remainders_goes_to_the_larger_weight_then_to_the_earlier_line() -> None:
    assert spread(10, [100, 250, 650]) == [1, 2, 7]
    assert spread(1, [5, 5]) == [1, 0]


@pytest.mark.parametrize(("numerator", "expected"), [(5, 1), (4, 0), (-5, -1), (-4, 0), (15, 2), (-15, -2), (0, 0)])
def test_halves_are_rounded_away_from_zero(numerator: int, expected: int) -> None:
    assert round_half_up(numerator, 10) == expected


def test_cost_is_rounded_once_on_the_whole_quantity() -> None:
    assert cost_of_units("3.33", 1_500_000, 2) == 500
    assert cost_of_units("123.5", 1_000_000, 0) == 124
    assert cost_of_units("0.111", 500_000, 3) == 56


def test_decimals_are_exact() -> None:
    assert parse_decimal("0.0725") == (725, 10_000)
    assert parse_decimal("-1.5") == (-15, 10)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_decimal("1e5")


def test_pinned_exponents() -> None:
    expected = {
        "EUR": 2,
        "JPY": 0,
        "CLP": 0,
        "PYG": 0,
        "KRW": 0,
        "VND": 0,
        "KWD": 3,
        "BHD": 3,
        "JOD": 3,
        "OMR": 3,
        "TND": 3,
        "CLF": 4,
        "UYW": 4,
    }
    assert {code: CURRENCY_EXPONENTS[code] for code in expected} == expected
    assert "EURO" not in CURRENCY_EXPONENTS
