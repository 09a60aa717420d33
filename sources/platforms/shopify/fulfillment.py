"""Fulfilments: a successful fulfilment is a shipment; its line quantities are the units that left."""

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.places import place_of
from sources.platforms.shopify.times import occurred_at, seen_at

STATUSES_WITHOUT_SHIPMENT = frozenset({"pending", "open", "cancelled", "error", "failure"})


def is_tip(line_item: Node) -> bool:
    """A tip left at checkout or till stands among the line items and is told by its gateway field."""
    return line_item.find("tip_payment_gateway") is not None or line_item.find("tip") is not None


def read_fulfillment(fulfillment: Node, context: Context) -> Reading | Nothing:
    """One ShipmentDispatched, or nothing."""
    found = shipment_dispatched(fulfillment, context)
    if isinstance(found, Nothing):
        return found
    return Reading(order_id=fulfillment.need("order_id").identity(), facts=(found,), seen_at=seen_at(fulfillment, context))


def shipment_dispatched(fulfillment: Node, context: Context) -> Fact | Nothing:
    """The shipment that a fulfilment is, or why it is none. Whether it is a test the order says."""
    status = fulfillment.need("status").text()
    if status in STATUSES_WITHOUT_SHIPMENT:
        return Nothing(f"fulfilment with status {status}: nothing was dispatched")
    if status != "success":
        raise Unjudged("reject_malformed", f"{fulfillment.pointer}/status is not a status", f"{fulfillment.pointer}/status")
    fulfillment.need("line_items")
    lines = [
        {"line_id": item.need("id").identity(), "quantity": str(item.need("quantity").count())}
        for item in fulfillment.each("line_items")
        if not is_tip(item) and item.need("quantity").count() > 0
    ]
    if not lines:
        return Nothing("fulfilment without units")
    shipment_id = fulfillment.need("id").identity()
    return Fact(
        type="ShipmentDispatched",
        business_key=f"shipment:{shipment_id}",
        body={"shipment_id": shipment_id, "lines": lines} | _places(fulfillment, context),
        occurred_at=occurred_at(fulfillment, context),
        test_mode=None,
        open={},
    )


def _places(fulfillment: Node, context: Context) -> EventTwin:
    location = fulfillment.find("location_id")
    found: EventTwin = {
        "warehouse": context.connection.location_name(location.identity()) if location else None,
        "ship_from": place_of(fulfillment.find("origin_address")),
        "ship_to": place_of(fulfillment.find("destination")),
    }
    return {name: value for name, value in found.items() if value is not None}
