"""fulfillments/create: a successful fulfilment is a shipment; its line quantities are the units that left."""

from sources.platforms.outcome import NO_MEMORY, Events, EventTwin, Nothing, OrderMemory, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.context import Context
from sources.platforms.shopify.memory import order_known_to
from sources.platforms.shopify.places import place_of

STATUSES_WITHOUT_SHIPMENT = frozenset({"pending", "open", "cancelled", "error", "failure"})


def is_tip(line_item: Node) -> bool:
    """A tip left at checkout or till stands among the line items and is told by its gateway field."""
    return line_item.find("tip_payment_gateway") is not None or line_item.find("tip") is not None


def shipment_dispatched(fulfillment: Node, context: Context, memory: OrderMemory | None) -> Events | Nothing:
    """One ShipmentDispatched, or nothing. Test mode is the order's, where the order is known."""
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
    placed, remembered = order_known_to(memory or NO_MEMORY, f"shipment:{shipment_id}")
    event = context.envelope(
        "ShipmentDispatched",
        fulfillment.need("order_id").identity(),
        f"shipment:{shipment_id}",
        payload=fulfillment,
        test_mode=bool(placed and placed["test_mode"]),
    )
    event |= {"shipment_id": shipment_id, "lines": lines} | _places(fulfillment, context)
    return Events(events=(event,), memory=remembered)


def _places(fulfillment: Node, context: Context) -> EventTwin:
    location = fulfillment.find("location_id")
    found: EventTwin = {
        "warehouse": context.connection.location_name(location.identity()) if location else None,
        "ship_from": place_of(fulfillment.find("origin_address")),
        "ship_to": place_of(fulfillment.find("destination")),
    }
    return {name: value for name, value in found.items() if value is not None}
