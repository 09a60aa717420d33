"""The keys of the policy file: what each means, what may stand there. The loader and the JSON Schema both read this table."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_args
from zoneinfo import ZoneInfo, available_timezones

from asiento.accounting.amount_limit import AMOUNT_MAX
from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.accounting.policy import ChargesRule, DiscountsRule, FeeSource, UnexplainedRefundRule
from schemas.formats import parse_time

DIGEST_PATTERN: Final = r"^p1:[0-9a-f]{32}$"
NAME_PATTERN: Final = r"^\S(.*\S)?$"
"""Names of entities and channels: no blanks around them."""
_TIME_PATTERN: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$"
_ZONE_PATTERN: Final = r"^(?!posix/|right/|localtime$|posixrules$|Factory$)[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$"
_SHOWN_LETTERS_MAX: Final = 60
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}")


class Rule(Protocol):
    """What may stand at a key."""

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value and what is allowed instead; None where it is right."""

    def schema(self) -> dict[str, Any]:
        """The same as JSON Schema, as far as that can say it."""


@dataclass(frozen=True, slots=True)
class Words:
    """One of a few words."""

    allowed: tuple[str, ...]

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if isinstance(value, str) and value in self.allowed:
            return None
        return f"{shown(value)} is not one of {', '.join(self.allowed)}{nearest_hint(value, self.allowed)}{_yaml_hint(value)}"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "string", "enum": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number with bounds."""

    minimum: int
    maximum: int

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        allowed = f"a whole number from {self.minimum} to {self.maximum} is expected"
        if type(value) is int:
            return None if self.minimum <= value <= self.maximum else f"{shown(value)} is out of bounds: {allowed}"
        return f"{shown(value)} is {_kind(value)}: {allowed}, without quotes and without a point"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


class Zone:
    """The name of a time zone of the IANA database, except names whose meaning each machine chooses."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if not isinstance(value, str):
            return f"{shown(value)} is {_kind(value)}: the name of a time zone is expected, for example America/Mexico_City"
        if value == "UTC" or (re.fullmatch(_ZONE_PATTERN, value) and _machine_knows(value)):
            return None
        near = nearest_hint(value, available_timezones()) or ": write it as America/Mexico_City; this machine may lack the package tzdata"
        return f"{shown(value)} is no time zone that this machine knows{near}"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "string", "pattern": _ZONE_PATTERN, "examples": ["UTC", "America/Mexico_City"]}


def _machine_knows(zone: str) -> bool:
    try:
        return ZoneInfo(zone).key == zone
    except (LookupError, OSError, ValueError):
        return False


class Currency:
    """A code of the pinned currency table."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if isinstance(value, str) and value in CURRENCY_EXPONENTS:
            return None
        near = nearest_hint(value.upper(), CURRENCY_EXPONENTS) if isinstance(value, str) else ""
        return f"{shown(value)} is no currency of the table{near}; a code of ISO 4217 is expected, for example MXN{_yaml_hint(value)}"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "string", "enum": sorted(CURRENCY_EXPONENTS)}


class Moment:
    """A time with its offset, RFC 3339."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if not isinstance(value, str):
            return f"{shown(value)} is {_kind(value)}: a time like 2027-01-01T00:00:00Z is expected, with Z or an offset"
        if _DATE.fullmatch(value):
            return f"{shown(value)} is a date: a time is expected, with Z or an offset, for example {value}T00:00:00Z"
        try:
            parse_time(value)
        except ValueError as problem:
            return f"{shown(value)} is no time: {problem}"
        return None if parse_time(value) >= 0 else f"{shown(value)} is before 1970: leave in_force_from out for the oldest version"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "string", "pattern": _TIME_PATTERN}


class Digest:
    """A digest as `asiento config policy` shows it."""

    def fault(self, value: Any) -> str | None:
        """See `Rule`."""
        if isinstance(value, str) and re.fullmatch(DIGEST_PATTERN, value):
            return None
        return f"{shown(value)} is no digest: copy the one that `asiento config policy` shows for this version"

    def schema(self) -> dict[str, Any]:
        """See `Rule`."""
        return {"type": "string", "pattern": DIGEST_PATTERN}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file: its meaning in one sentence, and its rule."""

    description: str
    rule: Rule


_FEES: Final = Words(get_args(FeeSource))

BOOKING_KEYS: Final[Mapping[str, Key]] = {
    "charges": Key("How charge lines (shipping, fees, tips, duties, deposits) follow shipments.", Words(get_args(ChargesRule))),
    "discounts": Key("Discounts shown against revenue (contra), or revenue net of them.", Words(get_args(DiscountsRule))),
    "unexplained_refund": Key(
        "What refunded money without a reason becomes: an allowance, or money owed by the customer (none).",
        Words(get_args(UnexplainedRefundRule)),
    ),
    "psp_fees_from": Key("Which source of card and wallet fees is booked: the capture, or events of their own.", _FEES),
    "marketplace_fees_from": Key("Which source of marketplace fees is booked: the capture, or events of their own.", _FEES),
    "carrier_fees_from": Key("Which source of carrier fees is booked: the capture, or events of their own.", _FEES),
}
"""The booking rules, which a channel may override."""

ENTITY_KEYS: Final[Mapping[str, Key]] = {
    "time_zone": Key("Time zone of this entity's business dates.", Zone()),
    "book_currency": Key("Currency in which this entity keeps its books (ISO 4217).", Currency()),
}

POLICY_KEYS: Final[Mapping[str, Key]] = {
    "version": Key("Number of the version; orders keep it for life.", Whole(1, 2**31 - 1)),
    **BOOKING_KEYS,
    "time_zone": Key("Time zone of business dates where the entity states no other.", Zone()),
    "parked_events_max": Key("Most events that may wait in one order.", Whole(1, 10_000)),
    "parked_bytes_max": Key("Most bytes of events that may wait in one order.", Whole(1, 8_388_608)),
    "numbers_ahead_max": Key("How far above the expected source_sequence a number is remembered as seen.", Whole(1, 100_000)),
    "archive_after_days": Key("Days of silence after which a resolved order is archived.", Whole(1, 36_525)),
    "amount_max": Key("Most that each sum of an order's amounts may reach, in minor units.", Whole(1, AMOUNT_MAX)),
    "parked_deadline_hours": Key("Hours that an event may wait in its order before its deadline passes.", Whole(1, 8_784)),
    "unpaid_deadline_days": Key("Days of silence after which shipped goods that are not paid are told (D16).", Whole(1, 3_660)),
    "unshipped_deadline_days": Key("Days of silence after which money held for goods not shipped is told (D17).", Whole(1, 3_660)),
    "unrefunded_deadline_days": Key("Days of silence after which money owed to the customer is told (D38).", Whole(1, 3_660)),
    "total_tolerance_per_line": Key(
        "Minor units per line by which lines and total may differ (D01); beyond, the order is rejected.", Whole(0, 1_000)
    ),
    "tax_tolerance": Key("Minor units per line by which a tax may differ from base x rate before D05 warns.", Whole(0, 1_000)),
}
"""Keys with one value; the fields of `Policy` of the same names."""

FILE_KEYS: Final[Mapping[str, Key]] = {
    "in_force_from": Key("Orders whose first event arrives from this time on have this version.", Moment()),
    "digest": Key("Seal: the digest of this version when it was released; the file is refused once it was edited.", Digest()),
}
"""Keys of a version that belong to the file alone."""


def shown(value: Any) -> str:
    """A value in a message: as it is in YAML, shortened."""
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else "nothing" if value is None else repr(value)
    return text if len(text) <= _SHOWN_LETTERS_MAX else f"{text[:_SHOWN_LETTERS_MAX]}…"


def nearest_hint(value: Any, names: Iterable[str]) -> str:
    """`; the nearest is X`, where one of the names is like the value; else nothing."""
    if not isinstance(value, str) or len(value) > _SHOWN_LETTERS_MAX:
        return ""
    near = difflib.get_close_matches(value, sorted(names), n=1)
    return f"; the nearest is {near[0]}" if near else ""


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a decimal number", str: "text", list: "a list", dict: "a mapping"}
    return names.get(type(value), "empty")


def _yaml_hint(value: Any) -> str:
    return "; YAML reads yes, no, on and off as true and false" if isinstance(value, bool) else ""
