"""Orders API v0: a header without items (getOrder), items without a header (getOrderItems), or both merged by the caller."""

from collections.abc import Iterator, Sequence

from sources.platforms.amazon_sp_api.amounts import Till, till_for
from sources.platforms.amazon_sp_api.facts_of_order import ReadOrder, order_reading, time_of
from sources.platforms.amazon_sp_api.marketplaces import marketplace_country, place_of, prices_include_tax
from sources.platforms.amazon_sp_api.order_lines import GOODS, Item
from sources.platforms.context import Context
from sources.platforms.facts import Fetch, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_NOT_YET = frozenset({"Pending", "PendingAvailability"})
_CANCELLED = "Canceled"
_STATUSES = _NOT_YET | {_CANCELLED, "Unshipped", "PartiallyShipped", "Shipped", "InvoiceUnconfirmed", "Unfulfillable"}
_PARTS = {
    GOODS: ("ItemPrice", "ItemTax", "PromotionDiscount", "PromotionDiscountTax"),
    "SHIPPING": ("ShippingPrice", "ShippingTax", "ShippingDiscount", "ShippingDiscountTax"),
    "GIFT_WRAP": ("GiftWrapPrice", "GiftWrapTax", "", ""),
    "COD_FEE": ("CODFee", "", "CODFeeDiscount", ""),
}
"""Part of an item -> its price, tax, discount and tax of the discount."""
_ADDRESS = ("CountryCode", "StateOrRegion", "PostalCode")


def read_order_v0(order: Node, context: Context) -> Reading | Nothing:
    """The facts of one order; a header alone asks for its items."""
    order_id = order.need("AmazonOrderId").reference()
    status, channel = order.find("OrderStatus"), order.find("SalesChannel")
    if status is not None and status.text() not in _STATUSES:
        raise Unjudged("reject_malformed", f"{status.pointer} is not a status of an order", status.pointer)
    if channel is not None and channel.value == "Non-Amazon":
        return Nothing("an order that was sold elsewhere: Amazon only ships it")
    if status is not None and status.value in _NOT_YET:
        return Nothing("a pending order: nothing is agreed yet")
    items = [node for node in order.each("OrderItems") if _is_charged(node)]
    if status is not None and status.value == _CANCELLED and not items:
        seen_at = order.need("LastUpdateDate").time(context.zone)
        return order_reading(ReadOrder(order_id=order_id, placed_at=seen_at, seen_at=seen_at, versioned=True, cancelled=True), context)
    if order.find("OrderItems") is None:
        return _header_only(order, order_id, context)
    if not items:
        return Nothing("items without prices: the order is pending or cancelled")
    return _with_items(order, order_id, items, context)


def _is_charged(item: Node) -> bool:
    return item.find("ItemPrice") is not None or item.find("ShippingPrice") is not None


def _header_only(order: Node, order_id: str, context: Context) -> Nothing:
    """Checks what a header can show, then asks for the items; never returns."""
    monies = [money for money in (order.find("OrderTotal"), *_payments(order)) if money is not None]
    if monies:
        _check_payments(order, till_for(monies, context.connection.default_currency, order.pointer))
    message = "the order header has no items, taxes and shipping: fetch its items"
    raise Unjudged("refetch", message, f"{order.pointer}/OrderItems", Fetch("getOrderItems", f"order_items/{order_id}", message))


def _payments(order: Node) -> Iterator[Node]:
    yield from (execution.need("Payment") for execution in order.each("PaymentExecutionDetail"))


def _check_payments(order: Node, till: Till) -> tuple[int, ...]:
    amounts = tuple(till.money(payment) for payment in _payments(order))
    total = till.find(order, "OrderTotal")
    if amounts and total is not None and sum(amounts) != total:
        message = till.difference("order total against its payment executions", total, sum(amounts))
        raise Unjudged("hold_discrepancy", message, f"{order.pointer}/OrderTotal")
    return amounts


def _with_items(order: Node, order_id: str, items: Sequence[Node], context: Context) -> Reading:
    till = till_for(_monies(order, items), context.connection.default_currency, order.pointer)
    token = order.find("NextToken")
    read = tuple(_item(node, till) for node in items)
    if token is not None:
        message = "a page of items with more to come: fetch all of them"
        raise Unjudged("refetch", message, token.pointer, Fetch("getOrderItems", f"order_items/{order_id}", message))
    marketplace, updated = order.find("MarketplaceId"), order.find("LastUpdateDate")
    country = marketplace_country(marketplace, till.currency, context.connection)
    total, included = _total(order, read, till, country)
    placed = order.find("PurchaseDate") or updated
    seen_at = updated.time(context.zone) if updated is not None else time_of(context)
    return order_reading(
        ReadOrder(
            order_id=order_id,
            placed_at=placed.time(context.zone) if placed is not None else seen_at,
            seen_at=seen_at,
            versioned=updated is not None,
            cancelled=(status := order.find("OrderStatus")) is not None and status.value == _CANCELLED,
            till=till,
            items=read,
            total=total,
            included=included,
            country=country,
            marketplace_id=marketplace.text() if marketplace is not None else None,
            ship_to=place_of(order.find("ShippingAddress"), _ADDRESS),
            fulfilled=_shipped(items),
            executions=_check_payments(order, till),
            notices=_notices(items, dated=updated is not None or context.received_at is not None),
        ),
        context,
    )


def _monies(order: Node, items: Sequence[Node]) -> Iterator[Node]:
    for item in items:
        for part in _PARTS.values():
            yield from (money for name in part if (money := _field(item, name)) is not None)
    yield from (money for money in (order.find("OrderTotal"), *_payments(order)) if money is not None)


def _field(item: Node, name: str) -> Node | None:
    """A field of an item; what the buyer chose for gifts stands in an object of its own, formerly in the item itself."""
    buyer = item.find("BuyerInfo")
    return (item.find(name) or (buyer.find(name) if buyer is not None else None)) if name else None


def _item(node: Node, till: Till) -> Item:
    sku, title, collection = node.find("SellerSKU"), node.find("Title"), node.at("TaxCollection.Model")
    item = Item(
        line_id=node.need("OrderItemId").reference(),
        pointer=node.pointer,
        quantity=node.need("QuantityOrdered").count(),
        sku=(sku.text() or None) if sku is not None else None,
        title=(title.text() or None) if title is not None else None,
        marketplace_pays=collection is not None and collection.value == "MarketplaceFacilitator",
    )
    for part, names in _PARTS.items():
        price, tax, discount, discount_tax = (till.money(money) if (money := _field(node, name)) else 0 for name in names)
        if part == GOODS or price or tax or discount or discount_tax:
            read = item.part(part)
            read.gross, read.discount, read.tax = price, abs(discount), tax - abs(discount_tax)
    return item


def _total(order: Node, items: Sequence[Item], till: Till, country: str) -> tuple[int, bool]:
    """The stated total decides whether taxes are inside the prices; without one the marketplace does."""
    stated, habit = till.find(order, "OrderTotal"), prices_include_tax(country)
    for included in (habit, not habit):
        computed = sum(item.total(included) for item in items)
        if stated is None or computed == stated:
            return computed, included
    computed = sum(item.total(habit) for item in items)
    raise Unjudged("hold_discrepancy", till.difference("order total", stated or 0, computed), f"{order.pointer}/OrderTotal")


def _shipped(items: Sequence[Node]) -> dict[str, int]:
    shipped = {item.need("OrderItemId").reference(): item.find("QuantityShipped") for item in items}
    return {item: quantity.count() for item, quantity in shipped.items() if quantity is not None}


def _notices(items: Sequence[Node], *, dated: bool) -> tuple[str, ...]:
    found = []
    for item in items:
        requested = item.at("BuyerRequestedCancel.IsBuyerRequestedCancel")
        if requested is not None and str(requested.value).lower() == "true":
            found.append(f"{item.pointer}: the buyer asked for a cancellation: a request, nothing is cancelled")
    if not dated:
        found.append("the items state no time: the events carry 1970-01-01; pass the time of arrival (--received-at)")
    return tuple(found)
