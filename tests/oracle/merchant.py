"""A merchant's belief about one order, and how it tells events; it may be wrong, that is the point."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from tests.oracle.baskets import Shelf, micro
from tests.oracle.figures import Event

START = datetime(2026, 2, 1, 9, tzinfo=UTC)
MONEYLESS = frozenset({"DeadlinePassed"})


@dataclass
class Parcel:
    shipment_id: str
    event: Event
    units: dict[str, int]
    cancelled: bool = False


@dataclass
class Merchant:
    rng: Random
    shelf: Shelf
    order_id: str
    source: str
    bold: bool
    """Also does what cannot be done."""
    now: datetime = START
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    placed: Event | None = None
    rows: list[Event] = field(default_factory=list)
    discounts: list[Event] = field(default_factory=list)
    revision: int = 0
    shipped: dict[str, int] = field(default_factory=dict)
    cancelled: dict[str, int] = field(default_factory=dict)
    credited: dict[str, int] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    payments: list[Event] = field(default_factory=list)
    refunds: list[Event] = field(default_factory=list)
    disputes: list[Event] = field(default_factory=list)
    mended: set[str] = field(default_factory=set)

    def next_id(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}{self.counts[prefix]}"

    def envelope(self, kind: str, business_key: str, /, **fields: Any) -> Event:
        self.now += timedelta(seconds=self.rng.randint(1, 20_000))
        moment = self.now.isoformat()
        event: Event = {
            "type": kind,
            "event_id": str(UUID(int=self.rng.getrandbits(128), version=4)),
            "tenant": "acme",
            "source": self.source,
            "order_id": self.order_id,
            "business_key": business_key,
            "occurred_at": moment,
            "received_at": moment,
            "test_mode": False,
        }
        if kind not in MONEYLESS:
            event |= {"currency": self.shelf.currency, "currency_exponent": self.shelf.exponent}
        return event | {name: value for name, value in fields.items() if value is not None}

    def tell(self, kind: str, business_key: str, /, **fields: Any) -> Event:
        event = self.envelope(kind, business_key, **fields)
        self.events.append(event)
        return event

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    def some_line(self) -> str:
        """A line of the order, of whatever kind, or one that nobody knows."""
        return str(self.rng.choice([row["line_id"] for row in self.rows] + ["L99"]))

    # Belief

    def unit_rows(self) -> list[Event]:
        return [row for row in self.rows if row["kind"] in {"GOODS", "SERVICE", "GIFT_CARD"}]

    def open_units(self, row: Event) -> int:
        name = row["line_id"]
        return micro(row["quantity"]) - self.shipped.get(name, 0) - self.cancelled.get(name, 0)

    def creditable_units(self, row: Event) -> int:
        return self.shipped.get(row["line_id"], 0) - self.credited.get(row["line_id"], 0)

    def some(self, units: int) -> int:
        """A part of so many micro-units: whole units where it can."""
        if units <= 0:
            return 0
        if self.maybe(0.5):
            return units
        whole = units // 1_000_000
        if whole > 1 and self.maybe(0.8):
            return self.rng.randint(1, whole) * 1_000_000
        return max(1, units * self.rng.randint(1, 9) // 10)

    def row_worth(self, row: Event) -> tuple[int, int]:
        """Net and taxes of a line, about."""
        share = row.get("order_discount") or 0
        taxes = sum(tax["amount"] for tax in row["taxes"])
        included = sum(tax["amount"] for tax in row["taxes"] if tax["included"])
        return max(0, row["gross"] - row["discount"] - share - included), taxes

    def total(self) -> int:
        return sum(sum(self.row_worth(row)) for row in self.rows if row["kind"] != "ROUNDING")

    def paid(self) -> int:
        return sum(int(event["amount"]) for event in self.payments)
