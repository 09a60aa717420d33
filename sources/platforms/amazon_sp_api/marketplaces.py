"""Where an order was sold: country of the marketplace, whether its prices hold the tax, and who owns a tax of it."""

import re
from typing import Final

from sources.platforms.connection import Connection
from sources.platforms.payload import Node

UNKNOWN_COUNTRY: Final = "ZZ"
"""ISO 3166 leaves it to users: the place of an order that names none."""

COUNTRIES: Final = {
    "A2EUQ1WTGCTBG2": "CA",
    "ATVPDKIKX0DER": "US",
    "A1AM78C64UM0Y8": "MX",
    "A2Q3Y263D00KWC": "BR",
    "A28R8C7NBKEWEA": "IE",
    "A1RKKUPIHCS9HS": "ES",
    "A1F83G8C2ARO7P": "GB",
    "A13V1IB3VIYZZH": "FR",
    "AMEN7PMS3EDWL": "BE",
    "A1805IZSGTT6HS": "NL",
    "A1PA6795UKMFR9": "DE",
    "APJ6JRA9NG5V4": "IT",
    "A2NODRKZP88ZB9": "SE",
    "AE08WJ6YKNBMC": "ZA",
    "A1C3SOZRARQ6R3": "PL",
    "ARBP9OOSHTCHU": "EG",
    "A33AVAJ2PDY3EV": "TR",
    "A17E79C6D8DWNP": "SA",
    "A2VIGQ35RCS4UG": "AE",
    "A21TJRUUN4KGV": "IN",
    "A19VAU5U5O7RUS": "SG",
    "A39IBJ37TRP1C6": "AU",
    "A1VC38T7YXB528": "JP",
}
"""Marketplace id -> country."""

_PRICES_WITHOUT_TAX: Final = frozenset({"US", "CA"})
_COUNTRY_OF_CURRENCY: Final = {
    "USD": "US",
    "CAD": "CA",
    "MXN": "MX",
    "BRL": "BR",
    "GBP": "GB",
    "SEK": "SE",
    "ZAR": "ZA",
    "PLN": "PL",
    "EGP": "EG",
    "TRY": "TR",
    "SAR": "SA",
    "AED": "AE",
    "INR": "IN",
    "SGD": "SG",
    "AUD": "AU",
    "JPY": "JP",
}
"""Amazon sells in each of these currencies in one country only; euros say nothing."""

_COUNTRY = re.compile(r"[A-Z]{2}")
_REGION = re.compile(r"[A-Z0-9]{1,3}")
_POSTAL = re.compile(r"[A-Z0-9]{3,10}")
_POSTAL_CHARACTERS_MAX = 3
_POSTAL_CHARACTERS_KEPT_BACK = 2


def marketplace_country(marketplace: Node | None, currency: str, connection: Connection) -> str:
    """Country by the marketplace's id, else the connection's, else that of the currency, else unknown."""
    stated = COUNTRIES.get(marketplace.value) if marketplace is not None and isinstance(marketplace.value, str) else None
    return stated or connection.country or _COUNTRY_OF_CURRENCY.get(currency, UNKNOWN_COUNTRY)


def prices_include_tax(country: str) -> bool:
    """North American prices are without tax, all others with it."""
    return country not in _PRICES_WITHOUT_TAX


def place_of(address: Node | None, names: tuple[str, str, str]) -> dict[str, str] | None:
    """An address -> {country, region?, postal_prefix?}; names: its country, region and postal code fields. None without a country."""
    if address is None:
        return None
    country, region, postal = (_code(address, name) for name in names)
    if not _COUNTRY.fullmatch(country):
        return None
    place = {"country": country}
    if _REGION.fullmatch(region):
        place["region"] = region
    kept = min(_POSTAL_CHARACTERS_MAX, len(postal) - _POSTAL_CHARACTERS_KEPT_BACK)
    if _POSTAL.fullmatch(postal) and kept > 0:
        place["postal_prefix"] = postal[:kept]
    return place


def tax_home(place: dict[str, str] | None, country: str) -> tuple[str, str]:
    """(jurisdiction, type) of a tax of an order: sales tax of the state in the United States, VAT or GST of the country elsewhere."""
    where = place or {"country": country}
    if where["country"] != "US":
        return where["country"], "SALES" if where["country"] == UNKNOWN_COUNTRY else "VAT"
    return (f"US-{where['region']}" if "region" in where else "US"), "SALES"


def _code(address: Node, name: str) -> str:
    found = address.find(name)
    return re.sub(r"[\s-]", "", found.value).upper() if found is not None and isinstance(found.value, str) else ""
