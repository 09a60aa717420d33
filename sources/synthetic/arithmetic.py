"""Whole-number arithmetic of the intended figures: rounding, parts of an amount, shares of a discount."""

from collections.abc import Sequence
from fractions import Fraction

MICRO = 1_000_000
"""Micro-units in one unit of a product."""


def rounded(value: Fraction) -> int:
    """The nearest integer; halves go away from zero."""
    return rounded_ratio(value.numerator, value.denominator)


def rounded_ratio(numerator: int, denominator: int) -> int:
    """The integer nearest to numerator/denominator (denominator > 0); halves go away from zero."""
    away = (2 * abs(numerator) + denominator) // (2 * denominator)
    return away if numerator >= 0 else -away


def part(amount: int, start: int, units: int, quantity: int) -> int:
    """What the units `start` .. `start + units` of `quantity` take of `amount`; all parts together are the amount."""
    return rounded_ratio(amount * (start + units), quantity) - rounded_ratio(amount * start, quantity)


def shares(amount: int, weights: Sequence[int]) -> list[int]:
    """Spread `amount` by weight: whole shares, then one each to the largest remainders (ties: weight, then order)."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    spread = [amount * weight // whole for weight in weights]
    by_claim = sorted(range(len(weights)), key=lambda n: (-(amount * weights[n] % whole), -weights[n], n))
    for index in by_claim[: amount - sum(spread)]:
        spread[index] += 1
    return spread


def decimal_text(amount: int, exponent: int) -> str:
    """Minor units as the decimal text of major units: (1234, 2) -> "12.34"."""
    if not exponent:
        return str(amount)
    whole, rest = divmod(abs(amount), 10**exponent)
    return f"{'-' if amount < 0 else ''}{whole}.{rest:0{exponent}d}"


def quantity_text(micro: int) -> str:
    """Micro-units as decimal text without needless zeros: 1_500_000 -> "1.5"."""
    whole, rest = divmod(micro, MICRO)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".") if rest else str(whole)
