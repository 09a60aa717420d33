"""Tax lines of an order: what a tax is called, to whom it belongs, and how the taxes of the lines are put under it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.allocation import spread
from sources.platforms.figures import rounded
from sources.platforms.jurisdictions import tax_home
from sources.platforms.minor_units import decimal_text
from sources.platforms.payload import Node
from sources.platforms.woocommerce.fields import ZERO, amount, stated

UNNAMED = ""
"""Rate id of taxes that no tax line names."""
WEIGHT = Decimal(10) ** 8
_CODE = re.compile(r"([A-Z]{2})-(?:([A-Z0-9]{1,3})-)?[^\x00-\x1f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRate:
    """One tax line: jurisdiction, type and code as in the events; `rate` a fraction or None; `total` in minor units or None."""

    jurisdiction: str
    type: str
    code: str
    rate: str | None = None
    compound: bool = False
    total: int | None = None


def tax_rates(order: Node, place: dict[str, str], exponent: int) -> dict[str, TaxRate]:
    """Rate id -> its tax line; a rate that stands in two tax lines is added up."""
    found: dict[str, TaxRate] = {}
    for line in order.each("tax_lines"):
        identity = stated(line, "rate_id", "id")
        rate_id = identity.reference() if identity is not None else UNNAMED
        code, label = stated(line, "rate_code", "code"), stated(line, "label", "title")
        jurisdiction, tax_type = _home(code, label, place)
        percent, compound = stated(line, "rate_percent"), line.find("compound")
        total = rounded(amount(line, "tax_total", "total") + amount(line, "shipping_tax_total"), exponent)
        known = found.get(rate_id)
        found[rate_id] = TaxRate(
            jurisdiction=jurisdiction,
            type=tax_type,
            code=_name(code, label, rate_id),
            rate=decimal_text(percent.decimal() / 100) if percent is not None and percent.decimal() >= 0 else None,
            compound=compound is not None and compound.value is True,
            total=total + (known.total or 0 if known else 0),
        )
    return found


def unnamed_rate(rate_id: str, place: dict[str, str]) -> TaxRate:
    """A tax that lines carry under an id that no tax line has."""
    jurisdiction, tax_type = tax_home("", place)
    return TaxRate(jurisdiction=jurisdiction, type=tax_type, code=f"rate-{rate_id}" if rate_id else "tax")


def line_taxes(item: Node, exponent: int, stated_tax: Decimal) -> dict[str, int]:
    """Rate id -> minor units of one line, together its `total_tax`; empty where the line does not say which taxes those are."""
    shares: dict[str, Decimal] = {}
    taxes = item.find("taxes")
    for tax in taxes.items() if taxes is not None and isinstance(taxes.value, list) else ():
        value, identity = amount(tax, "total"), stated(tax, "id")
        if value and identity is not None:
            shares[identity.reference()] = shares.get(identity.reference(), ZERO) + abs(value)
    if not shares:
        return {}
    dealt = spread(rounded(abs(stated_tax), exponent), [max(1, int(share * WEIGHT)) for share in shares.values()])
    return dict(zip(shares, dealt, strict=True))


def deal_out(unnamed: Sequence[int], rates: Mapping[str, TaxRate], taken: Mapping[str, int]) -> list[dict[str, int]]:
    """Taxes of lines that do not name theirs, in order, filled into the tax lines in order, each to its total; the rest is the last's."""
    rooms = {rate_id: max(0, (rate.total or 0) - taken.get(rate_id, 0)) for rate_id, rate in rates.items()}
    last = next(reversed(rooms), UNNAMED)
    found = []
    for tax in unnamed:
        shares: dict[str, int] = {}
        for rate_id, room in rooms.items():
            share = min(tax, room)
            if share:
                shares[rate_id], rooms[rate_id], tax = share, room - share, tax - share  # noqa: PLW2901
        if tax:
            shares[last] = shares.get(last, 0) + tax
        found.append(shares)
    return found


def _home(code: Node | None, label: Node | None, place: dict[str, str]) -> tuple[str, str]:
    """A rate code starts with the country it was set up for, in the United States and Canada with the state too."""
    title = label.text() if label is not None else ""
    text = code.value.upper() if code is not None and isinstance(code.value, str) else ""
    match = _CODE.fullmatch(text)
    if match is None:
        return tax_home(f"{title} {text}", place)
    country, region = match.groups()
    here: dict[str, str] = {"country": country}
    if country in {"US", "CA"} and region is not None and region.isalpha() and len(region) == 2:
        here["region"] = region
    elif country == place["country"] and "region" in place:
        here["region"] = place["region"]
    return tax_home(f"{title} {text.replace('-', ' ')}", here)


def _name(code: Node | None, label: Node | None, rate_id: str) -> str:
    for named in (code, label):
        if named is not None and isinstance(named.value, str) and (text := named.text()):
            return text
    return f"rate-{rate_id}" if rate_id else "tax"
