"""From an order as it was read, in either version of the API, to its facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.amazon_sp_api.marketplaces import prices_include_tax, tax_home
from sources.platforms.amazon_sp_api.order_lines import Item, LineMaker, price_notices
from sources.platforms.amazon_sp_api.progress import Progress, cancelled, cancelled_whole, dispatched, executed
from sources.platforms.amazon_sp_api.remembered import Remembered, from_json
from sources.platforms.context import Context
from sources.platforms.facts import ORDER_KEY, Fact, Reading
from sources.platforms.moments import micros
from sources.platforms.outcome import EventTwin

CHANNEL = "amazon"
"""Channel of an order where the connection names none."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """What a payload says of an order. Without `till` it says only that the order is cancelled.

    versioned: `seen_at` tells which of two payloads is the newer one. included: taxes are inside the prices; None: no tax is stated.
    fulfilled, cancelled_units: item -> units in total. executions: payments in minor units.
    """

    order_id: str
    placed_at: datetime
    seen_at: datetime
    versioned: bool
    cancelled: bool = False
    till: Till | None = None
    items: tuple[Item, ...] = ()
    total: int = 0
    included: bool | None = None
    country: str = ""
    marketplace_id: str | None = None
    ship_to: dict[str, str] | None = None
    fulfilled: Mapping[str, int] = field(default_factory=dict)
    cancelled_units: Mapping[str, int] = field(default_factory=dict)
    shipped_at: datetime | None = None
    ship_from: dict[str, str] | None = None
    executions: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()


def order_reading(order: ReadOrder, context: Context) -> Reading:
    """The order's facts: how it is now, then what has happened to it since it was read last."""
    remembered, facts, notices = from_json(context.snapshot.memory), [], [*order.notices]
    known = context.order is not None
    late = order.versioned and context.snapshot.version is not None and micros(order.seen_at) < context.snapshot.version
    tells_orders = context.connection.tells("orders")
    if order.till is not None:
        notices += price_notices(order.items, order.till)
        if tells_orders and not (order.cancelled and known):
            facts.append(_placed(order, order.till, context))
            known = True
    progress = _progress(order, remembered, context, known=known) if not late else Progress(facts=(), remembered=remembered)
    if order.cancelled and not known:
        notices.append("a cancelled order that was never told: nothing to book")
    return Reading(
        order_id=order.order_id,
        facts=(*facts, *progress.facts),
        version=micros(order.seen_at) if order.versioned else None,
        seen_at=order.seen_at,
        notices=tuple(notices),
        memory=progress.remembered.to_json(),
    )


def time_of(context: Context) -> datetime:
    """For payloads without any time: their arrival; the epoch where nobody states that either."""
    return context.received_at or _EPOCH


def _progress(order: ReadOrder, remembered: Remembered, context: Context, *, known: bool) -> Progress:
    facts: list[Fact] = []
    if order.till is not None and context.connection.tells("captures"):
        paid = executed(order.executions, order.till, remembered, order.seen_at)
        facts, remembered = [*facts, *paid.facts], paid.remembered
    if context.connection.tells("orders"):
        places = {name: place for name, place in (("ship_from", order.ship_from), ("ship_to", order.ship_to)) if place is not None}
        shipped = dispatched(order.fulfilled, remembered, order.shipped_at or order.seen_at, places)
        gone = cancelled(order.cancelled_units, shipped.remembered, order.seen_at)
        facts, remembered = [*facts, *shipped.facts, *gone.facts], gone.remembered
        if order.cancelled and known:
            whole = cancelled_whole(remembered, order.seen_at)
            facts, remembered = [*facts, *whole.facts], whole.remembered
    return Progress(facts=tuple(facts), remembered=remembered)


def _placed(order: ReadOrder, till: Till, context: Context) -> Fact:
    connection = context.connection
    included = prices_include_tax(order.country) if order.included is None else order.included
    jurisdiction, tax_type = tax_home(order.ship_to, order.country)
    maker = LineMaker(till=till, jurisdiction=jurisdiction, tax_type=tax_type, included=included)
    charged = [item for item in order.items if item.quantity or item.value or item.tax]
    location = connection.locations.get(order.marketplace_id or "")
    body: EventTwin = {
        **till.fields(),
        "legal_entity": connection.legal_entity_of(order.marketplace_id, context.tenant),
        "channel": connection.channels.get(order.marketplace_id or "") or connection.channel or CHANNEL,
        "store": location.name if location is not None else None,
        "terms": connection.terms,
        "due_days": connection.due_days if connection.terms == "NET" else None,
        "prices_include_tax": included,
        "ship_to": order.ship_to,
        "lines": maker.lines(charged),
        "order_discounts": [],
        "total": order.total,
    }
    return Fact(type="OrderPlaced", business_key=ORDER_KEY, body=_without_absent(body), occurred_at=order.placed_at, repeat="state")


def _without_absent(body: Mapping[str, Any]) -> EventTwin:
    return {name: value for name, value in body.items() if value is not None}
