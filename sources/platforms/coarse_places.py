"""Coarse places out of addresses, whatever their fields are called: country, region, a piece of the postal code; nothing else passes."""

import re
from typing import Final

from sources.platforms.connection import Connection
from sources.platforms.jurisdictions import UNKNOWN_COUNTRY
from sources.platforms.payload import Node

POSTAL_PREFIX_CHARACTERS_MAX: Final = 3
POSTAL_CHARACTERS_KEPT_BACK: Final = 2
"""A short postal code would pass whole otherwise."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_POSTAL = re.compile(r"[A-Z0-9]{3,10}")


def coarse_place(country: Node | None, region: Node | None = None, postal: Node | None = None) -> dict[str, str] | None:
    """{country, region?, postal_prefix?} of three fields of an address; None without a country code."""
    country_code = _code(country, _COUNTRY)
    if country_code is None:
        return None
    place = {"country": country_code}
    region_code = _code(region, _REGION, prefix=country_code)
    if region_code is not None:
        place["region"] = region_code
    compact = re.sub(r"[\s-]", "", postal.value).upper() if postal is not None and isinstance(postal.value, str) else ""
    kept = min(POSTAL_PREFIX_CHARACTERS_MAX, len(compact) - POSTAL_CHARACTERS_KEPT_BACK)
    if _POSTAL.fullmatch(compact) and kept > 0:
        place["postal_prefix"] = compact[:kept]
    return place


def home_of(connection: Connection) -> dict[str, str]:
    """Where orders without an address are taxed: as the connection says, else `ZZ`, which ISO 3166 leaves to users."""
    if connection.country is None:
        return {"country": UNKNOWN_COUNTRY}
    return {"country": connection.country} | ({"region": connection.region} if connection.region else {})


def _code(found: Node | None, pattern: re.Pattern[str], prefix: str = "") -> str | None:
    if found is None or not isinstance(found.value, str):
        return None
    code = found.value.strip().upper().removeprefix(f"{prefix}-")
    return code if pattern.fullmatch(code) else None
