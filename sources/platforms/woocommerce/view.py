"""What is remembered of an order beside its canonical twin: what its refunds and its shipment need. No personal data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asiento.accounting.order_events import TenderKind
from sources.platforms.facts import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One line: units in millionths (charges: 1 000 000), product and variation, kind, taxes by rate id."""

    units: int
    product: tuple[str, str]
    kind: str
    taxes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """An order as its newest payload shows it.

    seen_at: when the shop changed it last. shipped_at: when it was completed; None while it is not. refunds: ids of the refunds that the
    payload lists, None where it lists none in any case. rates: rate id -> (jurisdiction, type, code). ship_to as in the events.
    """

    currency: str
    exponent: int
    seen_at: datetime
    shipped_at: datetime | None
    cancelled: bool
    refunds: tuple[str, ...] | None
    tender: TenderKind
    gateway: str
    lines: Mapping[str, LineView]
    rates: Mapping[str, tuple[str, str, str]]
    ship_to: dict[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundedItem:
    """One line of a refund. `of` is the order's line, None where the refund does not name it; amounts in major units, positive."""

    of: str | None
    product: tuple[str, str]
    kind: str
    units: int
    net: str
    tax: str
    taxes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as it is stated: amount in major units, its lines (none: by amount only), whether the gateway paid it back."""

    refund_id: str
    amount: str
    at: datetime
    by_gateway: bool
    items: tuple[RefundedItem, ...]
    rates: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)
    pointer: str = ""


@dataclass(slots=True, kw_only=True)
class Memory:
    """The adapter's memory of one order: its view, its refunds, units shipped by line, fees told by name (minor units)."""

    view: OrderView | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)
    shipped: dict[str, int] = field(default_factory=dict)
    shipments: int = 0
    fees: dict[str, int] = field(default_factory=dict)


def memory_to_json(memory: Memory) -> Mapping[str, Json]:
    """As small JSON; `memory_from_json` reads it again."""
    view = memory.view
    return {
        "view": None if view is None else _view_to_json(view),
        "refunds": {refund_id: _refund_to_json(refund) for refund_id, refund in memory.refunds.items()},
        "shipped": dict(memory.shipped),
        "shipments": memory.shipments,
        "fees": dict(memory.fees),
    }


def memory_from_json(content: Mapping[str, Json]) -> Memory:
    """The memory that `memory_to_json` wrote; an empty one of an object that was never seen."""
    if not content:
        return Memory()
    return Memory(
        view=None if content["view"] is None else _view_from_json(content["view"]),
        refunds={refund_id: _refund_from_json(refund_id, stated) for refund_id, stated in content["refunds"].items()},
        shipped=dict(content["shipped"]),
        shipments=content["shipments"],
        fees=dict(content["fees"]),
    )


def _view_to_json(view: OrderView) -> Json:
    return {
        "money": [view.currency, view.exponent],
        "seen_at": view.seen_at.isoformat(),
        "shipped_at": view.shipped_at.isoformat() if view.shipped_at else None,
        "cancelled": view.cancelled,
        "refunds": None if view.refunds is None else list(view.refunds),
        "paid_by": [view.tender, view.gateway],
        "lines": {line_id: [line.units, *line.product, line.kind, dict(line.taxes)] for line_id, line in view.lines.items()},
        "rates": {rate_id: list(rate) for rate_id, rate in view.rates.items()},
        "ship_to": view.ship_to,
    }


def _view_from_json(content: Json) -> OrderView:
    currency, exponent = content["money"]
    tender, gateway = content["paid_by"]
    return OrderView(
        currency=currency,
        exponent=exponent,
        seen_at=_time(content["seen_at"]),
        shipped_at=_time(content["shipped_at"]) if content["shipped_at"] else None,
        cancelled=content["cancelled"],
        refunds=None if content["refunds"] is None else tuple(content["refunds"]),
        tender=tender,
        gateway=gateway,
        lines={
            line_id: LineView(units=units, product=(product, variation), kind=kind, taxes=taxes)
            for line_id, (units, product, variation, kind, taxes) in content["lines"].items()
        },
        rates={rate_id: (jurisdiction, tax_type, code) for rate_id, (jurisdiction, tax_type, code) in content["rates"].items()},
        ship_to=content["ship_to"],
    )


def _refund_to_json(refund: Refund) -> Json:
    items = [[item.of, *item.product, item.kind, item.units, item.net, item.tax, dict(item.taxes)] for item in refund.items]
    rates = {rate_id: list(rate) for rate_id, rate in refund.rates.items()}
    return [refund.amount, refund.at.isoformat(), refund.by_gateway, items, rates, refund.pointer]


def _refund_from_json(refund_id: str, content: Json) -> Refund:
    amount, at, by_gateway, items, rates, pointer = content
    return Refund(
        refund_id=refund_id,
        amount=amount,
        at=_time(at),
        by_gateway=by_gateway,
        items=tuple(
            RefundedItem(of=of, product=(product, variation), kind=kind, units=units, net=net, tax=tax, taxes=taxes)
            for of, product, variation, kind, units, net, tax, taxes in items
        ),
        rates={rate_id: (jurisdiction, tax_type, code) for rate_id, (jurisdiction, tax_type, code) in rates.items()},
        pointer=pointer,
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
