"""Figures of a payload that are compared: what is stated, what its parts add up to, and the sentence about the difference."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from asiento.accounting.money import major_units_text


class InCurrency(Protocol):
    """What knows its currency's code and the decimals of its minor units."""

    @property
    def currency(self) -> str: ...

    @property
    def exponent(self) -> int: ...


def difference_text(name: str, stated: int, computed: int, money: InCurrency) -> str:
    """Three figures in major units: stated, computed, stated less computed."""
    figures = [major_units_text(amount, money.exponent) for amount in (stated, computed, stated - computed)]
    return f"{name}: stated {figures[0]} {money.currency}, computed {figures[1]}, difference {figures[2]}"


def differences(stated_and_computed: Mapping[str, tuple[int | None, int]], money: InCurrency) -> tuple[str, ...]:
    """One sentence for each figure that is stated and disagrees with what was computed; they change nothing in the books."""
    return tuple(
        difference_text(name, stated, computed, money)
        for name, (stated, computed) in stated_and_computed.items()
        if stated is not None and stated != computed
    )


def rounded(value: Decimal, exponent: int) -> int:
    """Major units to minor ones, half away from zero: for figures that a platform states with more decimals than money has."""
    scaled = value.scaleb(exponent)
    return int(abs(scaled) + Decimal("0.5")) * (-1 if scaled < 0 else 1)
