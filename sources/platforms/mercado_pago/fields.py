"""Fields as Mercado Pago states them: major units as numbers or texts, flags as texts now and then, times in ids at worst."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from sources.platforms import stated_money
from sources.platforms.context import Context
from sources.platforms.minor_units import to_minor_units
from sources.platforms.moments import from_micros
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "ARS": ("AR", "ARG", "MLA"),
    "BRL": ("BR", "BRA", "MLB"),
    "CLP": ("CL", "CHL", "MLC"),
    "COP": ("CO", "COL", "MCO"),
    "MXN": ("MX", "MEX", "MLM"),
    "PEN": ("PE", "PER", "MPE"),
    "UYU": ("UY", "URY", "MLU"),
}
"""Currency -> its country in two and in three letters, and Mercado Pago's site there."""
CURRENCIES: Final = {place: currency for currency, places in _PLACES.items() for place in places}
COUNTRIES: Final = {currency: places[0] for currency, places in _PLACES.items()}
_ULID: Final = re.compile(r"(?:[A-Za-z]{3,6}_?)?([0-7][0-9A-HJKMNP-TV-Z]{9})[0-9A-HJKMNP-TV-Z]{16}")
_ULID_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ULID_MILLISECONDS: Final = range(1_420_070_400_000, 4_102_444_800_000)
"""2015 to 2100."""
_FLAGS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)


def amount_at(node: Node, name: str, money: Money) -> int:
    """Minor units of a field that must be there and not be negative."""
    field = node.need(name)
    amount = to_minor_units(field.decimal(), money.exponent, field.pointer)
    if amount < 0:
        raise field.malformed("an amount of 0 or more")
    return amount


def found_amount(node: Node | None, name: str, money: Money) -> int | None:
    """Like `amount_at`; None where the field is missing."""
    return amount_at(node, name, money) if node is not None and node.find(name) is not None else None


def flag_at(node: Node, name: str) -> bool | None:
    """true or false, as such or as a text; None where the field is missing."""
    field = node.find(name)
    if field is None:
        return None
    return _FLAGS[field.value] if isinstance(field.value, str) and field.value in _FLAGS else field.flag()


def word_at(node: Node, name: str) -> str:
    """A word of the platform, in small letters; nothing where the field is missing or no text."""
    field = node.find(name)
    return field.value.lower() if field is not None and isinstance(field.value, str) else ""


def object_at(node: Node, name: str) -> Node | None:
    """An object inside an object; None where it is missing or something else."""
    field = node.find(name)
    return field if field is not None and isinstance(field.value, dict) else None


def found_time(nodes: Sequence[Node], names: Sequence[str], context: Context) -> datetime | None:
    """The first of these times that any of the nodes states; empty texts are none."""
    for node in nodes:
        for name in names:
            field = node.find(name)
            if field is not None and field.value != "":
                return field.time(context.zone)
    return None


def time_in_id(identity: str) -> datetime | None:
    """When an id of the Orders API was made: its first ten digits are milliseconds; None for ids of another form."""
    found = _ULID.fullmatch(identity)
    if found is None:
        return None
    milliseconds = 0
    for digit in found.group(1):
        milliseconds = milliseconds * len(_ULID_DIGITS) + _ULID_DIGITS.index(digit)
    return from_micros(milliseconds * 1_000) if milliseconds in _ULID_MILLISECONDS else None


def moment_of(node: Node, names: Sequence[str], context: Context, notices: list[str], around: Sequence[Node] = ()) -> datetime:
    """When it happened: as it states, as its id shows, as its surroundings state; else when it arrived, else 1970 with a notice."""
    identity = node.find("id")
    in_id = time_in_id(identity.value) if identity is not None and isinstance(identity.value, str) else None
    moment = found_time((node,), names, context) or in_id or found_time(around, names, context) or context.received_at
    if moment is None:
        notices.append("no time is stated, and none of its arrival: dated 1970")
    return moment or _UNDATED


def held(node: Node, name: str, money: Money, stated: int, computed: int, *, why: str = "") -> Unjudged:
    """The complaint that the figures of a field do not add up."""
    return stated_money.held(f"{node.pointer}/{name}", money, stated, computed, why)
