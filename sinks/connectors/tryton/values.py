"""Values as Tryton's REST API writes them: dates and decimals are small objects, domains and contexts are base64 of JSON."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from asiento.accounting.money import major_units_text
from sinks.external.amounts import minor_units

Record = Mapping[str, Any]
"""One record as it is read: field -> value, `id` among them."""
Domain = Sequence[Any]
"""A search of Tryton: clauses [field, operator, value], all of which hold."""

NOTHING: Final = {"__class__": "Decimal", "decimal": "0"}


def amount_value(amount: int, exponent: int) -> dict[str, str]:
    """Minor units as a decimal: 1050 with 2 decimals -> 10.50."""
    return decimal_value(major_units_text(amount, exponent))


def decimal_value(text: str) -> dict[str, str]:
    """A decimal number."""
    return {"__class__": "Decimal", "decimal": text}


def amount_read(value: Any, exponent: int) -> int:
    """The minor units of a decimal that was read; raises ValueError for anything else, or more decimals than the currency has."""
    if not isinstance(value, dict) or value.get("__class__") != "Decimal":
        raise ValueError(f"{value!r} is no decimal of Tryton's")
    return minor_units(str(value["decimal"]), exponent)


def date_value(day: str) -> dict[str, str | int]:
    """An ISO day as a date."""
    year, month, day_of_month = (int(part) for part in day.split("-"))
    return {"__class__": "date", "year": year, "month": month, "day": day_of_month}


def date_read(value: Any) -> str | None:
    """The ISO day of a date that was read; None where there is none."""
    if not isinstance(value, dict):
        return None
    return f"{value['year']:04d}-{value['month']:02d}-{value['day']:02d}"


def packed(value: Any) -> str:
    """JSON in url-safe base64, as domains, orders and contexts travel."""
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode()
