"""To whom a tax line belongs: Shopify states a title and a rate, never a jurisdiction.

The place is the order's shipping address, else its billing address, else country and region of the connection.
United States: sales tax of the state, `US-CA`. Canada: GST and HST are federal, `CA`; PST, QST and RST belong to the
province, `CA-BC`. Everywhere else: VAT of the country. Without any place: `ZZ`, which ISO 3166 leaves to users.
"""

import re

UNKNOWN_COUNTRY = "ZZ"
_VALUE_ADDED = re.compile(r"\b(vat|gst|hst|iva|igv|tva|mwst|ust|btw|moms|mva|alv|dph|ptu|afa|pdv|icms|consumption)\b", re.IGNORECASE)
_PROVINCIAL = re.compile(r"\b(pst|qst|rst|tvq)\b", re.IGNORECASE)


def tax_home(title: str, place: dict[str, str]) -> tuple[str, str]:
    """(jurisdiction, type) of a tax line by its title and the place {country, region?}."""
    country, region = place["country"], place.get("region")
    local = f"{country}-{region}" if region else country
    if country == "US":
        return local, "SALES"
    if country == "CA":
        return (local, "SALES") if _PROVINCIAL.search(title) else (country, "VAT")
    if country == UNKNOWN_COUNTRY and not _VALUE_ADDED.search(title):
        return country, "SALES"
    return country, "VAT"
