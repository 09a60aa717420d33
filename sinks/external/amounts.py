"""Amounts on the wire: decimal numbers of a ledger's JSON and texts, from minor units and back, exactly."""

import re
from typing import Final

import orjson

from asiento.accounting.money import major_units_text

_DECIMAL: Final = re.compile(r"([+-]?)([0-9]{1,18})(?:\.([0-9]{1,12}))?")


def json_number(amount: int, exponent: int) -> orjson.Fragment:
    """Minor units as a JSON number in major units, digit by digit: 1050 with 2 decimals -> 10.50."""
    return orjson.Fragment(major_units_text(amount, exponent))


def minor_units(value: str | int, exponent: int) -> int:
    """The minor units of a number as `Answer.json` reads it ("10.5", 3); raises ValueError where it has more decimals than the currency."""
    found = _DECIMAL.fullmatch(str(value))
    if found is None or isinstance(value, bool):
        raise ValueError(f"{value!r} is no amount")
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    if len(fraction) > exponent:
        raise ValueError(f"{value} has more than {exponent} decimals")
    amount = int(whole + fraction.ljust(exponent, "0"))
    return -amount if sign == "-" else amount
