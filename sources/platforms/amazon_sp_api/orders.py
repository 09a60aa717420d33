"""An order of the Orders API 2026-01-01: a snapshot with proceeds, fulfilment, cancellations and payment executions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sources.platforms.amazon_sp_api.amounts import Till, till_for
from sources.platforms.amazon_sp_api.facts_of_order import ReadOrder, order_reading
from sources.platforms.amazon_sp_api.marketplaces import marketplace_country, place_of
from sources.platforms.amazon_sp_api.proceeds import Agreed, agreed, marketplace_pays, monies_of
from sources.platforms.context import Context
from sources.platforms.facts import Fetch, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_NOT_YET = frozenset({"PENDING", "PENDING_AVAILABILITY"})
_STATUSES = _NOT_YET | {"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED", "UNFULFILLABLE"}
_ADDRESS = ("countryCode", "stateOrRegion", "postalCode")


def read_order(order: Node, context: Context) -> Reading | Nothing:
    """The facts of one order; nothing for one that is not agreed yet or was sold elsewhere."""
    order_id = order.need("orderId").reference()
    channel, status = order.at("salesChannel.channelName"), _status(order)
    if channel is not None and channel.value == "NON_AMAZON":
        return Nothing("an order that was sold elsewhere: Amazon only ships it")
    if status in _NOT_YET:
        return Nothing("a pending order: nothing is agreed yet")
    moment = _moment(order, "lastUpdatedTime", context)
    items = order.each("orderItems")
    if not items:
        fetch = Fetch("getOrder", f"orders/{order_id}", "the order came without its items")
        raise Unjudged("refetch", "the order came without its items: fetch it with them", f"{order.pointer}/orderItems", fetch)
    cancelled = status == "CANCELLED"
    if cancelled and order.find("proceeds") is None:
        return order_reading(_cancelled_only(order_id, moment), context)
    till = till_for(monies_of(order), context.connection.default_currency, f"{order.pointer}/proceeds")
    figures = agreed(order, till)
    return order_reading(_read(order, order_id, moment, till, figures, context, cancelled=cancelled), context)


def _cancelled_only(order_id: str, moment: datetime) -> ReadOrder:
    return ReadOrder(order_id=order_id, placed_at=moment, seen_at=moment, versioned=True, cancelled=True)


def _read(  # noqa: PLR0917
    order: Node, order_id: str, moment: datetime, till: Till, figures: Agreed, context: Context, *, cancelled: bool
) -> ReadOrder:
    items = order.each("orderItems")
    address = order.at("recipient.deliveryAddress")
    marketplace = order.at("salesChannel.marketplaceId")
    units = {} if cancelled else _cancelled_units(items)
    return ReadOrder(
        order_id=order_id,
        placed_at=_moment(order, "createdTime", context),
        seen_at=moment,
        versioned=True,
        cancelled=cancelled,
        till=till,
        items=figures.items,
        total=figures.total,
        included=figures.included,
        country=marketplace_country(marketplace, till.currency, context.connection),
        marketplace_id=marketplace.text() if marketplace is not None else None,
        ship_to=place_of(address, _ADDRESS),
        fulfilled=_fulfilled(items),
        cancelled_units=units,
        shipped_at=_shipped_at(order, context) or moment,
        ship_from=_ship_from(order),
        executions=_executions(order, till),
        notices=(*figures.notices, *_notices(order, items, till)),
    )


def _status(order: Node) -> str | None:
    found = order.at("fulfillment.fulfillmentStatus")
    if found is None:
        return None
    if found.text() not in _STATUSES:
        raise Unjudged("reject_malformed", f"{found.pointer} is not a status of an order", found.pointer)
    return found.text()


def _moment(order: Node, name: str, context: Context) -> datetime:
    return (order.find(name) or order.need("createdTime")).time(context.zone)


def _fulfilled(items: Sequence[Node]) -> Mapping[str, int]:
    """Item -> units that left, in total."""
    found = {item.need("orderItemId").reference(): item.at("fulfillment.quantityFulfilled") for item in items}
    return {item: quantity.count() for item, quantity in found.items() if quantity is not None}


def _cancelled_units(items: Sequence[Node]) -> Mapping[str, int]:
    """Item -> units that an executed cancellation took away: ordered, but neither fulfilled nor to be fulfilled."""
    found = {}
    for item in items:
        if item.at("cancellation.cancellationExecution") is None:
            continue
        done, to_do = item.at("fulfillment.quantityFulfilled"), item.at("fulfillment.quantityUnfulfilled")
        if done is not None and to_do is not None:
            gone = item.need("quantityOrdered").count() - done.count() - to_do.count()
            if gone > 0:
                found[item.need("orderItemId").reference()] = gone
    return found


def _shipped_at(order: Node, context: Context) -> datetime | None:
    """When the last package was handed over; only merchants' own packages are stated."""
    times = [package.find("shipTime") for package in order.each("packages")]
    return max((time.time(context.zone) for time in times if time is not None), default=None)


def _ship_from(order: Node) -> dict[str, str] | None:
    places = [place_of(package.find("shipFromAddress"), _ADDRESS) for package in order.each("packages")]
    return places[0] if places and all(place == places[0] for place in places) else None


def _executions(order: Node, till: Till) -> tuple[int, ...]:
    payment = order.find("payment")
    executions = payment.each("paymentExecutions") if payment is not None else []
    amounts = [(execution, till.money(execution.find("paymentAmount") or execution.need("paymentValue"))) for execution in executions]
    for execution, amount in amounts:
        if amount < 0:
            raise Unjudged("reject_malformed", f"{execution.pointer}: a payment of less than nothing", execution.pointer)
    return tuple(amount for _, amount in amounts)


def _notices(order: Node, items: Sequence[Node], till: Till) -> list[str]:
    found, points = [], 0
    for item in items:
        execution, done = item.at("cancellation.cancellationExecution"), item.at("fulfillment.quantityFulfilled")
        if execution is not None and done is not None and done.count() > 0:
            found.append(f"{item.pointer}: an executed cancellation of an item that is fulfilled; its amount counts in the total")
        value = item.at("expense.pointsCost.pointsGranted.pointsMonetaryValue")
        points += till.money(value) if value is not None else 0
    by_marketplace = sum(marketplace_pays(item) for item in items)
    if by_marketplace:
        found.append(f"taxes of {by_marketplace} items are collected and paid by the marketplace")
    if points:
        found.append(f"points granted by the seller are worth {till.text(points)} {till.currency}: an expense that Finances will state")
    if order.at("fulfillment.fulfillmentStatus") is None:
        found.append("the order came without its fulfilment: what was shipped is not known")
    return found
