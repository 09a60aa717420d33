"""Figures of the oracle: rounding, amounts per component, blocks of units, and the content of an event."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from typing import Any

Event = dict[str, Any]
Key = tuple[str, ...]
Amounts = dict[Key, int]

NET: Key = ("net",)
DISCOUNT: Key = ("discount",)
ROUNDING: Key = ("rounding",)
GIVEN: Key = ("order discount as stated",)
WEIGHT: Key = ("gross less discount as stated",)
CARRIED = frozenset({GIVEN, WEIGHT})

_NATURAL = {
    "OrderPlaced": (),
    "PaymentCaptured": ("payment_id",),
    "ShipmentDispatched": ("shipment_id",),
    "ReturnReceived": ("return_id",),
    "ChargebackOpened": ("dispute_id",),
    "ChargebackClosed": ("dispute_id",),
    "FeeCharged": ("fee_id",),
    "ReceivableAdjusted": ("adjustment_id",),
    "JournalPosted": ("journal_id",),
}
_DECIMALS = frozenset({"quantity", "unit_price", "rate", "unit_cost"})
_TIMES = frozenset({"occurred_at", "received_at", "due_at"})
_TRANSPORT = frozenset({"received_at", "source_event_id", "correlation_id", "causation_id"})
_DELIVERY = frozenset({"event_id", "occurred_at", "source_version", "source_sequence"})


def half_up(value: Fraction) -> int:
    """Round to an integer, halves away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(Fraction(1, 2) - value)


def tax_key(tax: Event) -> Key:
    """What keeps a tax of a line apart from its others: jurisdiction, type, code, rate, liable party."""
    return ("tax", tax["jurisdiction"], tax["type"], tax["code"], str(Fraction(tax["rate"])), tax["liable_party"])


def cap_of(key: Key) -> Key:
    """The cap a component falls under: net, or a tax by jurisdiction, type and code."""
    return key[:4]


def is_tax(key: Key) -> bool:
    return key[0] == "tax"


def owed(amounts: Amounts) -> int:
    """What the customer is asked for: net and taxes (and a rounding)."""
    return sum(amount for key, amount in amounts.items() if key in {NET, ROUNDING} or is_tax(key))


def added(*parts: Amounts) -> Amounts:
    total: Amounts = {}
    for part in parts:
        for key, amount in part.items():
            total[key] = total.get(key, 0) + amount
    return total


def less(whole: Amounts, part: Amounts) -> Amounts:
    return added(whole, {key: -amount for key, amount in part.items()})


@dataclass
class Block:
    """Units with an amount per component, and the takings so far in their order."""

    units: Fraction
    amounts: Amounts
    takings: list[Fraction] = field(default_factory=list)

    @property
    def taken(self) -> Fraction:
        return sum(self.takings, Fraction(0))

    @property
    def left(self) -> Fraction:
        return self.units - self.taken

    def worth(self, units: Fraction) -> Amounts:
        """The first `units` of it, whoever took them."""
        if not units:
            return dict.fromkeys(self.amounts, 0)
        if units == self.units:
            return self.amounts
        part = units / self.units
        return {key: half_up(amount * part) if amount else 0 for key, amount in self.amounts.items()}

    def take(self, units: Fraction) -> Amounts:
        before = self.taken
        self.takings.append(units)
        return less(self.worth(before + units), self.worth(before))

    def rest(self) -> Amounts:
        return less(self.amounts, self.worth(self.taken))

    def empty(self) -> Amounts:
        """Take all that is left, whatever it is counted in."""
        rest = self.rest()
        self.units, self.amounts, self.takings = Fraction(0), dict.fromkeys(rest, 0), []
        return rest


def natural_id(event: Event) -> tuple[str, ...] | None:
    """What names the fact whatever its business key says; None where its kind has no such id."""
    names = _NATURAL.get(event["type"])
    return None if names is None else (event["type"], *(str(event[name]) for name in names))


def entry_content(event: Event) -> str:
    """The content that makes two records with one event_id the same record."""
    return _canonical({key: value for key, value in event.items() if key not in _TRANSPORT})


def business_content(event: Event, *, named: bool = True) -> str:
    """The content that makes two events the same fact; `named=False` leaves the business key out too."""
    dropped = _TRANSPORT | _DELIVERY | (frozenset() if named else {"business_key"})
    return _canonical({key: value for key, value in event.items() if key not in dropped})


def same_rows(one: Iterable[Event], other: Iterable[Event]) -> bool:
    """Whether two lists of an event say the same."""
    return _canonical(list(one)) == _canonical(list(other))


def _canonical(value: object) -> str:
    return json.dumps(_plain("", value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(name: str, value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(key, inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_plain("", inner) for inner in value]
    if isinstance(value, str) and name in _DECIMALS:
        return str(Fraction(value))
    if isinstance(value, str) and name in _TIMES:
        return datetime.fromisoformat(value).astimezone(UTC).isoformat(timespec="microseconds")
    return value
