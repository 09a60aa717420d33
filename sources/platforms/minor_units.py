"""Decimal amounts to integer minor units, exactly or not at all."""

from decimal import Decimal, localcontext

from asiento.accounting.money import CURRENCY_EXPONENTS
from sources.platforms.outcome import Unjudged

MINOR_UNITS_MAX = 2**63 - 1


def exponent_of(currency: str, pointer: str) -> int:
    """Decimals of a currency by the pinned ISO table; an unknown code is malformed."""
    if currency not in CURRENCY_EXPONENTS:
        raise Unjudged("reject_malformed", f"{pointer}: unknown currency", pointer)
    return CURRENCY_EXPONENTS[currency]


def to_minor_units(amount: Decimal, exponent: int, pointer: str) -> int:
    """199.00 with exponent 2 -> 19900; an amount with more decimals than the currency has is malformed."""
    with localcontext() as context:
        context.prec = 60
        scaled = amount.scaleb(exponent)
        if scaled != scaled.to_integral_value() or abs(scaled) > MINOR_UNITS_MAX:
            raise Unjudged("reject_malformed", f"{pointer}: the amount does not fit a currency of {exponent} decimals", pointer)
        return int(scaled)


def decimal_text(value: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: 1E-2 -> "0.01"."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
