"""Fulfilments: a successful fulfilment is a shipment; its line quantities are the units that left."""

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.needs import order_needed
from sources.platforms.shopify.notes import OrderNotes, notes_of
from sources.platforms.shopify.places import place_of
from sources.platforms.shopify.times import occurred_at, seen_at
from sources.platforms.shopify.tips import is_tip

STATUSES_WITHOUT_SHIPMENT = frozenset({"pending", "open", "error", "failure"})


def read_fulfillment(fulfillment: Node, context: Context) -> Reading | Nothing:
    """One ShipmentDispatched or ShipmentCancelled, or nothing."""
    order_id, notes = identity_of(fulfillment.need("order_id")), notes_of(context)
    found = shipment(fulfillment, context, notes)
    if isinstance(found, Nothing):
        return Reading(order_id=order_id, notices=(found.reason,), memory=notes.to_json()) if notes != notes_of(context) else found
    return Reading(
        order_id=order_id,
        facts=(found,),
        seen_at=seen_at(fulfillment, context),
        memory=notes.to_json(),
        fetches=order_needed(order_id, context),
    )


def shipment(fulfillment: Node, context: Context, notes: OrderNotes) -> Fact | Nothing:
    """The shipment that a fulfilment is, the end of one that it was, or why it is none. Whether it is a test the order says.

    One that is cancelled before it was seen never counts, however late its dispatch comes.
    """
    shipment_id = identity_of(fulfillment.need("id"))
    if fulfillment.need("status").value == "cancelled":
        if context.remembers and f"shipment:{shipment_id}" not in _told_or_waiting(context):
            notes.cancelled = sorted({*notes.cancelled, shipment_id})
            return Nothing("a fulfilment that was cancelled before it was told: nothing was dispatched")
        return _cancelled(fulfillment, shipment_id, context)
    if shipment_id in notes.cancelled:
        return Nothing("a late message of a fulfilment that was cancelled")
    return shipment_dispatched(fulfillment, context)


def _told_or_waiting(context: Context) -> set[str]:
    snapshot = context.snapshot
    return {*snapshot.told, *(waiting.fact.business_key for waiting in snapshot.waiting)}


def _cancelled(fulfillment: Node, shipment_id: str, context: Context) -> Fact:
    return Fact(
        type="ShipmentCancelled",
        business_key=f"shipment:{shipment_id}:cancelled",
        body={"shipment_id": shipment_id},
        occurred_at=(fulfillment.find("updated_at") or fulfillment.need("created_at")).time(context.zone),
        test_mode=None,
        open={},
    )


def shipment_dispatched(fulfillment: Node, context: Context) -> Fact | Nothing:
    """The shipment that a fulfilment is, or why it is none."""
    status = fulfillment.need("status").text()
    if status in STATUSES_WITHOUT_SHIPMENT:
        return Nothing(f"fulfilment with status {status}: nothing was dispatched")
    if status != "success":
        raise Unjudged("reject_malformed", f"{fulfillment.pointer}/status is not a status", f"{fulfillment.pointer}/status")
    fulfillment.need("line_items")
    lines = [
        {"line_id": identity_of(item.need("id")), "quantity": str(item.need("quantity").count())}
        for item in fulfillment.each("line_items")
        if not is_tip(item) and item.need("quantity").count() > 0
    ]
    if not lines:
        return Nothing("fulfilment without units")
    shipment_id = identity_of(fulfillment.need("id"))
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
        "warehouse": context.connection.location_name(identity_of(location)) if location else None,
        "ship_from": place_of(fulfillment.find("origin_address")),
        "ship_to": place_of(fulfillment.find("destination")),
    }
    return {name: value for name, value in found.items() if value is not None}
