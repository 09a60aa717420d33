"""Money to minor units: exactly, or not at all."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asiento.accounting.money import CURRENCY_EXPONENTS
from sources.sdk.money import InexactMoney, major_units, minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("12.10", "EUR", 1210),
        ("12.1", "EUR", 1210),
        ("-0.01", "EUR", -1),
        ("12.100000", "EUR", 1210),
        ("5", "JPY", 5),
        ("5.0", "JPY", 5),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12345),
        (12, "EUR", 1200),
        (Decimal("1E+3"), "EUR", 100_000),
        (Decimal("0.07"), "EUR", 7),
        (Decimal("-0"), "EUR", 0),
        ("9999999999999.99", "EUR", 999_999_999_999_999),
        ("0.29", "EUR", 29),  # 0.29 * 100 is 28.999999999999996 in floats
    ],
)
def test_amounts_become_minor_units(amount: Any, currency: str, expected: int) -> None:
    found = minor_units(amount, currency)
    assert (type(found), found) == (int, expected)


@pytest.mark.parametrize(
    ("amount", "currency", "why"),
    [
        (12.1, "EUR", "a float cannot hold money"),
        (float("nan"), "EUR", "a float cannot hold money"),
        ("12.101", "EUR", "more decimals than EUR has (2)"),
        ("0.5", "JPY", "more decimals than JPY has (0)"),
        (Decimal("1E-3"), "EUR", "more decimals than EUR has (2)"),
        ("1,210.00", "EUR", "no plain amount"),
        ("1e3", "EUR", "no plain amount"),
        ("", "EUR", "no plain amount"),
        ("١٢", "EUR", "no plain amount"),
        ("12.10 ", "EUR", "no plain amount"),
        (True, "EUR", "this is bool"),
        (None, "EUR", "this is NoneType"),
        (Decimal("NaN"), "EUR", "NaN and infinity"),
        (Decimal("1E+400000"), "EUR", "more than 18 digits"),
        (Decimal("1E-400000"), "EUR", "more than 18 digits"),
        (10**15, "EUR", "beyond 10^15 minor units"),
        (1, "eur", "ISO 4217"),
        (1, "XXX", "ISO 4217"),
        (1, None, "ISO 4217"),
    ],
)
def test_what_is_not_exact_is_refused_with_a_sentence(amount: Any, currency: Any, why: str) -> None:
    with pytest.raises(InexactMoney, match=why.replace("(", r"\(").replace(")", r"\)").replace("^", r"\^")):
        minor_units(amount, currency)


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(CURRENCY_EXPONENTS)))
def test_there_and_back_is_the_same(amount: int, currency: str) -> None:
    assert minor_units(major_units(amount, currency), currency) == amount
    assert minor_units(Decimal(major_units(amount, currency)), currency) == amount
