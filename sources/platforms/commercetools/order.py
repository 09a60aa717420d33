"""Orders: the state as it is, deliveries, returns and cancellation; from an order itself and from the messages about it."""

from collections.abc import Mapping
from datetime import datetime

from sources.platforms.coarse_places import coarse_place, home_of
from sources.platforms.commercetools.fields import fetch_of, moment, referenced
from sources.platforms.commercetools.order_lines import agreed
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Reading
from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.shop_facts import CANCELLATION_KEY, Placement, cancelled, placed, shipped

_LEFT = frozenset({"Shipped", "Delivered"})
_DISPOSITIONS = {"Returned": "UNKNOWN", "BackInStock": "RESTOCK", "Unusable": "SCRAP"}


class OrderLife:
    """One payload about an order, on top of what is remembered: units ordered and left by line, the highest sequence number seen."""

    def __init__(self, order_id: str, context: Context) -> None:
        self.order_id, self.context = order_id, context
        memory = context.snapshot.memory
        self.ordered: dict[str, int] = dict(memory.get("ordered", {}))
        self.left: dict[str, int] = dict(memory.get("left", {}))
        self.sequence: int = memory.get("sequence", 0)
        self.facts: list[Fact] = []
        self.notices: list[str] = []
        self.fetches: list[Fetch] = []

    def order(self, order: Node) -> Reading:
        """The order as it is, and what it proves beside that."""
        context, connection = self.context, self.context.connection
        address = _place(order, "shippingAddress") or _place(order, "billingAddress")
        found = agreed(order, address or home_of(connection))
        self.notices += found.notices
        at = moment(order, context, "createdAt", "completedAt")
        state, version = order.find("orderState"), order.find("version")
        is_cancelled = state is not None and state.value == "Cancelled"
        seen = moment(order, context, "lastModifiedAt", "createdAt", "completedAt")
        number = version.count() if version is not None else None
        if is_cancelled and context.order is None and not self._payments(order) and not order.each("returnInfo"):
            self.notices.append("cancelled before it was known and without a payment: no sale")
            return self.reading(number, seen)
        customer = order.find("customerId")
        store = order.at("store.key")
        placement = Placement(
            money=found.money,
            lines=found.lines,
            total=found.total,
            included=found.included,
            order_discounts=found.order_discounts,
            channel=connection.channel_of(store.text() if store is not None and isinstance(store.value, str) else None),
            customer_ref=customer.reference() if customer is not None else None,
            ship_to=address,
        )
        if connection.tells("orders"):
            self.facts.append(placed(placement, connection, context.tenant, at=at))
            self.ordered = {line.line_id: int(line.quantity) for line in found.lines if line.kind == "GOODS"}
            self._deliveries(order, seen)
            self._returns(order, seen)
            if is_cancelled:
                self.cancel(seen)
        self._wanted(order)
        return self.reading(number, seen)

    def _payments(self, order: Node) -> list[Node]:
        info = order.find("paymentInfo")
        return info.each("payments") if info is not None else []

    def _wanted(self, order: Node) -> None:
        """Payments are referred to only, unless the query expands them."""
        for payment in self._payments(order):
            identity = referenced(payment, "payment")
            if payment.find("obj") is None and identity is not None:
                self.notices.append("a payment of the order is referred to only: fetch it, or expand paymentInfo.payments[*]")
                self.fetches.append(fetch_of("payment", identity, "a payment of the order"))

    def _deliveries(self, order: Node, at: datetime) -> None:
        single = order.find("shippingInfo")
        infos = [info for each in order.each("shipping") if (info := each.find("shippingInfo")) is not None]
        deliveries = [each for info in [*([single] if single is not None else []), *infos] for each in info.each("deliveries")]
        for delivery in deliveries:
            self.delivery(delivery, at)
        state = order.find("shipmentState")
        if not deliveries and not self.left and state is not None and state.text() in _LEFT:
            self._ship("order", self.ordered, at)

    def delivery(self, delivery: Node, at: datetime) -> None:
        """The units of one delivery."""
        units: dict[str, int] = {}
        for item in delivery.each("items"):
            line_id = item.need("id").reference()
            units[line_id] = units.get(line_id, 0) + item.need("quantity").count()
        created = delivery.find("createdAt")
        self._ship(delivery.need("id").reference(), units, created.time(self.context.zone) if created is not None else at)

    def _ship(self, shipment_id: str, units: Mapping[str, int], at: datetime) -> None:
        if f"shipment:{shipment_id}" in self.context.snapshot.told or any(
            fact.business_key == f"shipment:{shipment_id}" for fact in self.facts
        ):
            return
        leaving = [(line_id, str(count)) for line_id, count in units.items() if count > 0]
        if not leaving:
            return
        for line_id, count in units.items():
            self.left[line_id] = self.left.get(line_id, 0) + count
        self.facts.append(shipped(shipment_id, leaving, at))

    def _returns(self, order: Node, at: datetime) -> None:
        for info in order.each("returnInfo"):
            self.returned(info, at)

    def returned(self, info: Node, at: datetime) -> None:
        """Items of a return that arrived; one that is only advised has not."""
        stated = info.find("returnDate")
        when = stated.time(self.context.zone) if stated is not None else at
        for item in info.each("items"):
            state, line = item.find("shipmentState"), item.find("lineItemId") or item.find("customLineItemId")
            disposition = _DISPOSITIONS.get(state.value) if state is not None and isinstance(state.value, str) else None
            return_id, count = item.need("id").reference(), item.need("quantity").count()
            if disposition is None or line is None or not count or f"return:{return_id}" in self.context.snapshot.told:
                continue
            body: EventTwin = {
                "return_id": return_id,
                "lines": [{"line_id": line.reference(), "quantity": str(count), "disposition": disposition}],
            }
            key = f"return:{return_id}"
            self.facts.append(Fact(type="ReturnReceived", business_key=key, body=body, occurred_at=when, test_mode=None))

    def cancel(self, at: datetime) -> None:
        """Everything open is cancelled, once."""
        if CANCELLATION_KEY not in self.context.snapshot.told:
            self.facts.append(cancelled(at))

    def number(self, message: Node) -> None:
        """Sequence numbers are gapless per object: after a gap the object itself is fetched."""
        stated = message.find("sequenceNumber")
        if stated is None:
            return
        sequence = stated.count()
        if self.sequence and sequence > self.sequence + 1:
            self.notices.append("messages of the object are missing before this one: it is fetched")
            self.fetches.append(fetch_of("order", self.order_id, "messages are missing"))
        self.sequence = max(self.sequence, sequence)

    def reading(self, version: int | None, seen_at: datetime) -> Reading:
        """What was found so far."""
        memory: dict[str, Json] = {"ordered": self.ordered, "left": self.left, "sequence": self.sequence}
        return Reading(
            facts=tuple(self.facts),
            order_id=self.order_id,
            version=version,
            seen_at=seen_at,
            notices=tuple(self.notices),
            fetches=tuple(self.fetches),
            memory=memory,
        )


def _place(order: Node, name: str) -> dict[str, str] | None:
    address = order.find(name)
    if address is None or not isinstance(address.value, dict):
        return None
    return coarse_place(address.find("country"), address.find("state"), address.find("postalCode"))
