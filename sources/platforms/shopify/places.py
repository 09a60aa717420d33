"""Where Shopify's addresses keep what a coarse place is made of."""

from sources.platforms.coarse_places import coarse_place
from sources.platforms.payload import Node


def place_of(address: Node | None) -> dict[str, str] | None:
    """An address -> {country, region?, postal_prefix?}; None without a country code."""
    if address is None:
        return None
    return coarse_place(address.find("country_code"), address.find("province_code"), address.find("zip"))
