"""What left the shop: completed fulfillments, and over the counter whatever a completed order has beside them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact
from sources.platforms.minor_units import decimal_text
from sources.platforms.order_drafts import LineDraft, quantity_of
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node

TILL: Final = "till"
"""Shipment id of what was handed over at the counter when the order was completed."""
_DONE_AT: Final = (
    "shipment_details.shipped_at",
    "pickup_details.picked_up_at",
    "delivery_details.completed_at",
    "delivery_details.delivered_at",
    "in_store_details.completed_at",
)


def shipments(order: Node, context: Context, units: Sequence[LineDraft], closed_at: datetime, *, complete: bool) -> list[Fact]:
    """ShipmentDispatched per completed fulfillment; if the order is `complete`, one more for units that no fulfillment names."""
    rest = {line.line_id: line.quantity for line in units}
    location = order.find("location_id")
    warehouse = context.connection.location_name(location.reference() if location is not None else None)
    facts = []
    for fulfillment in order.each("fulfillments"):
        taken = _taken(fulfillment, rest)
        rest = {line_id: left for line_id, quantity in rest.items() if (left := quantity - taken.get(line_id, Decimal(0))) > 0}
        state = fulfillment.find("state")
        if taken and state is not None and state.value == "COMPLETED":
            done_at = next((node.time(context.zone) for path in _DONE_AT if (node := fulfillment.at(path)) is not None), closed_at)
            facts.append(_shipment(fulfillment.need("uid").reference(), taken, warehouse, done_at))
    if complete and (rest or not (units or order.each("fulfillments"))):
        facts.append(_shipment(TILL, rest, warehouse, closed_at))
    return facts


def _taken(fulfillment: Node, rest: dict[str, Decimal]) -> dict[str, Decimal]:
    """Units of a fulfillment: those it lists, else all that no other one took."""
    application = fulfillment.find("line_item_application")
    entries = fulfillment.each("entries")
    if not entries or (application is not None and application.value == "ALL"):
        return dict(rest)
    taken: dict[str, Decimal] = {}
    for line_id, quantity in _entries(entries):
        taken[line_id] = taken.get(line_id, Decimal(0)) + quantity
    return {line_id: min(quantity, rest[line_id]) for line_id, quantity in taken.items() if line_id in rest and quantity > 0}


def _entries(entries: Sequence[Node]) -> Iterator[tuple[str, Decimal]]:
    for entry in entries:
        yield entry.need("line_item_uid").reference(), quantity_of(entry.need("quantity"))


def _shipment(shipment_id: str, units: dict[str, Decimal], warehouse: str | None, occurred_at: datetime) -> Fact:
    body: EventTwin = {
        "shipment_id": shipment_id,
        "lines": [{"line_id": line_id, "quantity": decimal_text(quantity)} for line_id, quantity in units.items()],
        "warehouse": warehouse,
    }
    return Fact(
        type="ShipmentDispatched",
        business_key=f"shipment:{shipment_id}",
        body={name: value for name, value in body.items() if value is not None},
        occurred_at=occurred_at,
    )
