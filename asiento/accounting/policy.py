"""The accounting policy: everything that can change the books, versioned and frozen per order."""

from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from asiento.accounting.order_events import FeeAccountKind

ChargesRule: TypeAlias = Literal["pro_rata_value", "first_shipment", "last_shipment"]
DiscountsRule: TypeAlias = Literal["contra", "net"]
UnexplainedRefundRule: TypeAlias = Literal["allowance", "none"]
FeeSource: TypeAlias = Literal["capture", "event"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS_PER_DAY: Final = 86_400_000_000


class UnknownPolicyVersion(LookupError):
    """An order names a policy version that this program does not hold: the worker stops rather than books otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityPolicy:
    """How one legal entity keeps its books.

    time_zone: IANA name, of its business dates; None = the policy's. book_currency: ISO 4217, of its books; None = not stated.
    """

    time_zone: str | None = None
    book_currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """The booking rules in which the orders of one channel differ; None = as the policy says. Fields as in `Policy`."""

    charges: ChargesRule | None = None
    discounts: DiscountsRule | None = None
    unexplained_refund: UnexplainedRefundRule | None = None
    psp_fees_from: FeeSource | None = None
    marketplace_fees_from: FeeSource | None = None
    carrier_fees_from: FeeSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the policy; the defaults are version 1 and never change.

    Booking rules, which `channels` may override. charges: how charge lines follow shipments. discounts: shown against
    revenue or netted. unexplained_refund: what refunded money without a reason becomes. *_fees_from: which source of
    fees is booked per account kind.

    Books. time_zone: of business dates, where `entities` (legal entity, its books) states no other. channels: (channel
    of the order, its rules).

    Limits. parked_events_max, parked_bytes_max: bounds of the events that wait in one order. numbers_ahead_max: how far
    above the expected source_sequence a number is remembered as seen. archive_after_days: a resolved order that was
    silent this long is archived. amount_max: most that each sum of an order's amounts may reach, minor units.

    Deadlines. parked_deadline_hours: how long an event may wait, from its arrival. unpaid_deadline_days,
    unshipped_deadline_days, unrefunded_deadline_days: how long an order may be silent while shipped goods are not paid,
    money is held for goods that are not shipped, or more is owed to the customer than is on its way.

    Tolerances, minor units per line. total_tolerance_per_line: what lines and total may differ by before D01 rejects.
    tax_tolerance: what a tax may differ from base * rate by before D05 warns.
    """

    version: int = 1
    charges: ChargesRule = "pro_rata_value"
    discounts: DiscountsRule = "contra"
    unexplained_refund: UnexplainedRefundRule = "allowance"
    psp_fees_from: FeeSource = "capture"
    marketplace_fees_from: FeeSource = "event"
    carrier_fees_from: FeeSource = "event"
    time_zone: str = "UTC"
    entities: tuple[tuple[str, EntityPolicy], ...] = ()
    channels: tuple[tuple[str, ChannelPolicy], ...] = ()
    parked_events_max: int = 64
    parked_bytes_max: int = 1_048_576
    numbers_ahead_max: int = 10_000
    archive_after_days: int = 730
    amount_max: int = 10**17
    parked_deadline_hours: int = 72
    unpaid_deadline_days: int = 3
    unshipped_deadline_days: int = 14
    unrefunded_deadline_days: int = 14
    total_tolerance_per_line: int = 1
    tax_tolerance: int = 1
    _zones: dict[str, str] = field(init=False, repr=False, compare=False)
    _of_channels: dict[str, "Policy"] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Prepare what every event looks up."""
        zones = {entity: books.time_zone for entity, books in self.entities if books.time_zone is not None}
        object.__setattr__(self, "_zones", zones)
        object.__setattr__(self, "_of_channels", {channel: self._overridden(rules) for channel, rules in self.channels})

    def _overridden(self, rules: ChannelPolicy) -> "Policy":
        stated = {one.name: value for one in fields(rules) if (value := getattr(rules, one.name)) is not None}
        return replace(self, channels=(), **stated)

    def fees_from(self, kind: FeeAccountKind) -> FeeSource:
        """Where fees of an account kind are booked from: captures that state them, or events of their own."""
        match kind:
            case "PSP":
                return self.psp_fees_from
            case "MARKETPLACE":
                return self.marketplace_fees_from
            case "CARRIER":
                return self.carrier_fees_from

    def for_channel(self, channel: str) -> "Policy":
        """The policy for the orders of a channel: itself, where the channel has no rules of its own."""
        return self._of_channels.get(channel, self)

    def business_date(self, legal_entity: str, occurred_at: int) -> str:
        """The date (YYYY-MM-DD) of `occurred_at` (UTC microseconds) where the entity keeps its books."""
        return _date_in_zone(occurred_at, self._zones.get(legal_entity, self.time_zone))


def _date_in_zone(occurred_at: int, zone: str) -> str:
    if zone == "UTC":
        return utc_date(occurred_at // _MICROSECONDS_PER_DAY)
    return (_EPOCH + timedelta(microseconds=occurred_at)).astimezone(ZoneInfo(zone)).date().isoformat()


@lru_cache(maxsize=1024)
def utc_date(day: int) -> str:
    """The ISO date of a day, counted from 1970-01-01."""
    return (_EPOCH + timedelta(days=day)).date().isoformat()


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """All versions that open orders may name: (in force from, UTC microseconds of arrival; policy), oldest first."""

    versions: tuple[tuple[int, Policy], ...]

    def in_force_at(self, received_at: int) -> Policy:
        """The policy for an order whose first event arrived at `received_at`; the oldest one reaches back for ever."""
        chosen = self.versions[0][1]
        for in_force_from, policy in self.versions[1:]:
            if in_force_from > received_at:
                break
            chosen = policy
        return chosen

    def by_version(self, version: int) -> Policy:
        """The policy of that number; raises `UnknownPolicyVersion`."""
        for _, policy in self.versions:
            if policy.version == version:
                return policy
        known = ", ".join(str(policy.version) for _, policy in self.versions)
        raise UnknownPolicyVersion(
            f"policy version {version} is not among the known ones ({known}): give this worker the policy file that holds it"
        )


DEFAULT_POLICIES = PolicyBook(((0, Policy()),))
"""Version 1 with its defaults, in force for ever."""
