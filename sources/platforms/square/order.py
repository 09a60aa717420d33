"""A Square order: a sale that was paid, its tenders, its hand-over; or a return of another order's items."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sources.platforms.coarse_places import coarse_place, home_of
from sources.platforms.connection import DEFAULT_CHANNEL
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Json, Part, Reading
from sources.platforms.figures import difference_text
from sources.platforms.jurisdictions import UNKNOWN_COUNTRY
from sources.platforms.order_drafts import (
    UNIT_KINDS,
    LineDraft,
    refuse_impossible,
    with_one_basis,
)
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.square.hand_over import shipments
from sources.platforms.square.money import MoneyReader, reader_for
from sources.platforms.square.order_lines import LineReader
from sources.platforms.square.returns import blind_refunds, read_return
from sources.platforms.square.tenders import is_captured, tender_facts

STATES: Final = frozenset({"OPEN", "COMPLETED", "CANCELED", "DRAFT"})
_CANCELLED: Final = "cancelled"


def read_order(part: Part, context: Context) -> Reading | Nothing:
    """The facts of an order that was paid, completed or cancelled; an open order without money is none yet."""
    order: Node = part.node
    if not context.connection.tells("orders"):
        return Nothing("orders of this source are not told: it is connected as a payment provider")
    if order.each("returns"):
        return read_return(part, context)
    stated = order.find("state")
    state = stated.text() if stated is not None else "OPEN"
    if state not in STATES:
        raise Unjudged("reject_malformed", f"{order.pointer}/state is not a state", f"{order.pointer}/state")
    paid = any(is_captured(tender) for tender in order.each("tenders"))
    known = context.snapshot.order is not None
    if state == "CANCELED" and not paid and not known:
        return _remembered_as_cancelled(part, context)
    if state != "COMPLETED" and not paid and not known:
        return Reading(order_id=part.resource, notices=("the order is open and not paid: nothing to book yet", *_doubts(order, context)))
    return _told(part, context, state, _agreed(order, context))


def _doubts(order: Node, context: Context) -> tuple[str, ...]:
    """What is odd about an order of which nothing is told yet."""
    try:
        return _agreed(order, context).notices
    except Unjudged as unjudged:
        return (unjudged.problem.message,)


def _remembered_as_cancelled(part: Part, context: Context) -> Reading:
    """Cancelled before it was paid: nothing; but an older state of it that comes late must not stay open."""
    at = _moment(part.node, context, "closed_at", "updated_at", "created_at")
    return Reading(
        order_id=part.resource,
        notices=("the order was cancelled before it was paid: nothing to book",),
        memory={**context.snapshot.memory, _CANCELLED: at.isoformat()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Agreed:
    """The money side of an order: lines that tie to the total."""

    money: MoneyReader
    included: bool
    lines: tuple[LineDraft, ...]
    order_discounts: list[EventTwin]
    total: int
    notices: tuple[str, ...]


def _agreed(order: Node, context: Context) -> _Agreed:
    money, place = reader_for(order, "total_money"), _tax_place(order, context)
    order.need("line_items")
    reader = LineReader(order=order, money=money, place=place)
    included, lines = with_one_basis(reader.read())
    refuse_impossible(lines, order.pointer)
    stated, computed, rounding = money.need(order, "total_money"), sum(line.charged for line in lines), reader.rounding()
    adjusted = sum(line.gross for line in rounding)
    if stated not in {computed, computed + adjusted}:
        raise Unjudged(
            "hold_discrepancy", difference_text("order total", stated, computed + adjusted, money.currency), f"{order.pointer}/total_money"
        )
    notices = _secondary(order, money, lines, included=included)
    if place["country"] == UNKNOWN_COUNTRY and any(line.tax for line in lines):
        notices = (*notices, f"the order has no address: its taxes go to {UNKNOWN_COUNTRY}; set country in the connection file")
    return _Agreed(
        money=money,
        included=included,
        lines=(*lines, *rounding),
        order_discounts=reader.order_discounts(lines),
        total=computed + adjusted,
        notices=notices,
    )


def _secondary(order: Node, money: MoneyReader, lines: Sequence[LineDraft], *, included: bool) -> tuple[str, ...]:
    """Figures that change nothing in the books, compared with what the lines give."""
    discounts = sum(line.discount + (line.order_discount or 0) for line in lines)
    figures = [
        ("total_tax_money", money.find(order, "total_tax_money"), sum(line.tax for line in lines)),
        ("total_discount_money", money.find(order, "total_discount_money"), discounts),
    ]
    for item in order.each("line_items"):
        if applied := item.each("applied_discounts"):
            shares = sum(money.of(each, "applied_money") for each in applied)
            figures.append(("discounts of a line", money.find(item, "total_discount_money"), shares))
        gross = money.find(item, "gross_sales_money")
        line = next((line for line in lines if line.line_id == item.need("uid").reference()), None)
        if gross is not None and line is not None and not included:
            figures.append(("gross_sales_money", gross, line.gross))
    return tuple(
        difference_text(name, stated, computed, money.currency) for name, stated, computed in figures if stated not in (None, computed)
    )


def _told(part: Part, context: Context, state: str, agreed: _Agreed) -> Reading:
    order: Node = part.node
    placed = Fact(
        type="OrderPlaced",
        business_key="order",
        body=_body(order, context, agreed),
        occurred_at=_moment(order, context, "created_at"),
        repeat="state",
    )
    cancelled_at = context.snapshot.memory.get(_CANCELLED)
    cancelled = state == "CANCELED" or cancelled_at is not None
    facts = [placed, *tender_facts(order, context, agreed.money)]
    if not cancelled:
        units = [line for line in agreed.lines if line.kind in UNIT_KINDS]
        facts += shipments(
            order, context, units, _moment(order, context, "closed_at", "updated_at", "created_at"), complete=state == "COMPLETED"
        )
    else:
        facts.append(_cancellation(order, context, cancelled_at))
    facts += blind_refunds(order, context)
    return Reading(
        order_id=part.resource,
        facts=tuple(facts),
        version=_version(order),
        seen_at=_moment(order, context, "updated_at", "created_at"),
        notices=agreed.notices,
    )


def _body(order: Node, context: Context, agreed: _Agreed) -> EventTwin:
    connection, location, customer = context.connection, order.find("location_id"), order.find("customer_id")
    location_id = location.reference() if location is not None else None
    body: EventTwin = {
        "legal_entity": connection.legal_entity_of(location_id, context.tenant),
        "channel": _channel(order, context),
        "store": connection.location_name(location_id),
        "customer_ref": customer.reference() if customer is not None else None,
        "terms": connection.terms,
        "due_days": connection.due_days,
        "prices_include_tax": agreed.included,
        "ship_to": _ship_to(order),
        "lines": [line.twin() for line in agreed.lines],
        "order_discounts": agreed.order_discounts,
        "total": agreed.total,
    }
    return {name: value for name, value in body.items() if value is not None} | agreed.money.currency.fields


def _channel(order: Node, context: Context) -> str:
    """As the connection maps the app's name, else its one channel, else the till, unless something is to be fulfilled."""
    name = order.at("source.name")
    if name is not None and name.text() in context.connection.channels:
        return context.connection.channels[name.text()]
    if context.connection.channel is not None:
        return context.connection.channel
    return DEFAULT_CHANNEL if order.each("fulfillments") else "pos"


def _ship_to(order: Node) -> dict[str, str] | None:
    for fulfillment in order.each("fulfillments"):
        for details in ("shipment_details", "delivery_details"):
            address = fulfillment.at(f"{details}.recipient.address")
            if address is not None and isinstance(address.value, dict):
                country, region, postal = (address.find(name) for name in ("country", "administrative_district_level_1", "postal_code"))
                return coarse_place(country, region, postal)
    return None


def _tax_place(order: Node, context: Context) -> dict[str, str]:
    """Where the goods go, else where the connection says that the shop is."""
    stated = _ship_to(order)
    return stated if stated is not None else home_of(context.connection)


def _cancellation(order: Node, context: Context, at: Json) -> Fact:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else _moment(order, context, "closed_at", "updated_at", "created_at")
    return Fact(type="OrderCancelled", business_key="cancellation", body={"lines": [], "cancel_charges": True}, occurred_at=moment)


def _version(order: Node) -> int | None:
    stated = order.find("version")
    return stated.count() if stated is not None else None


def _moment(order: Node, context: Context, *names: str) -> datetime:
    """The first of these times that is stated."""
    for name in names:
        if (stated := order.find(name)) is not None:
            return stated.time(context.zone)
    return order.need(names[0]).time(context.zone)
