"""Coarse places out of addresses: country, region and a piece of the postal code; nothing else ever passes."""

import re

from sources.platforms.payload import Node

POSTAL_PREFIX_CHARACTERS_MAX = 3
POSTAL_CHARACTERS_KEPT_BACK = 2
"""A short postal code would pass whole otherwise."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_POSTAL = re.compile(r"[A-Z0-9]{3,10}")


def place_of(address: Node | None) -> dict[str, str] | None:
    """An address -> {country, region?, postal_prefix?}; None without a country code."""
    country = _code(address, "country_code", _COUNTRY)
    if address is None or country is None:
        return None
    place = {"country": country}
    region = _code(address, "province_code", _REGION, prefix=country)
    if region is not None:
        place["region"] = region
    postal = address.find("zip")
    compact = re.sub(r"[\s-]", "", postal.value).upper() if postal is not None and isinstance(postal.value, str) else ""
    kept = min(POSTAL_PREFIX_CHARACTERS_MAX, len(compact) - POSTAL_CHARACTERS_KEPT_BACK)
    if _POSTAL.fullmatch(compact) and kept > 0:
        place["postal_prefix"] = compact[:kept]
    return place


def _code(address: Node | None, name: str, pattern: re.Pattern[str], prefix: str = "") -> str | None:
    found = address.find(name) if address is not None else None
    if found is None or not isinstance(found.value, str):
        return None
    code = found.value.strip().upper().removeprefix(f"{prefix}-")
    return code if pattern.fullmatch(code) else None
