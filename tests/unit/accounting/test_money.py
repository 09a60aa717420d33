"""Integer money: halves away from zero, exact decimals, decimals per currency."""

import pytest

from asiento.accounting.money import CURRENCY_EXPONENTS, Ratio, cost_of_units, major_units_text, parse_decimal, round_half_up


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(0, 3, 0), (1, 3, 0), (2, 3, 1), (1, 2, 1), (-1, 2, -1), (3, 2, 2), (-3, 2, -2), (-1, 3, 0), (-2, 3, -1), (7, 1, 7), (-7, 1, -7)],
)
def test_halves_are_rounded_away_from_zero(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@pytest.mark.parametrize(("text", "ratio"), [("0.16", (16, 100)), ("12", (12, 1)), ("-0.5", (-5, 10)), ("1.050", (1_050, 1_000))])
def test_a_decimal_is_an_exact_ratio(text: str, ratio: tuple[int, int]) -> None:
    assert parse_decimal(text) == Ratio(*ratio)


@pytest.mark.parametrize(
    ("amount", "exponent", "text"),
    [(19_900, 2, "199.00"), (-5, 0, "-5"), (5, 2, "0.05"), (-1_234, 3, "-1.234"), (0, 2, "0.00"), (70, 0, "70"), (-12, 4, "-0.0012")],
)
def test_minor_units_read_in_major_ones(amount: int, exponent: int, text: str) -> None:
    assert major_units_text(amount, exponent) == text


@pytest.mark.parametrize(
    ("unit_cost", "quantity", "exponent", "cost"),
    [
        ("7", 2_000_000, 2, 1_400),
        ("1.005", 1_000_000, 2, 101),
        ("1.005", 500_000, 2, 50),
        ("3", 1_500_000, 0, 5),
        ("0.0015", 1_000_000, 3, 2),
    ],
)
def test_units_cost_their_price_rounded_once(unit_cost: str, quantity: int, exponent: int, cost: int) -> None:
    assert cost_of_units(unit_cost, quantity, exponent) == cost


def test_every_currency_has_its_own_number_of_decimals() -> None:
    some = ("JPY", "BIF", "XPF", "EUR", "AED", "PAB", "ZWG", "BHD", "TND", "CLF", "UYW")
    assert [CURRENCY_EXPONENTS[code] for code in some] == [0, 0, 0, 2, 2, 2, 2, 3, 3, 4, 4]
    assert "XXX" not in CURRENCY_EXPONENTS
    assert {len(code) for code in CURRENCY_EXPONENTS} == {3}
