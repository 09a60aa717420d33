"""The adapter of WooCommerce: orders as states, refunds as facts that wait for their order, the rest is none."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.coarse_places import home_of
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Part, Reading
from sources.platforms.minor_units import exponent_of
from sources.platforms.moments import micros
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node, parse_payload
from sources.platforms.woocommerce.fees import fee_facts
from sources.platforms.woocommerce.order import NO_ORDERS, WITHOUT_SALE, ReadOrder, captured, read_order
from sources.platforms.woocommerce.refund import MICRO, order_id_of, read_refund, unexplained
from sources.platforms.woocommerce.refund_facts import RefundReader, is_after_shipping, original_of, refund_key
from sources.platforms.woocommerce.view import Memory, OrderView, Refund, memory_from_json, memory_to_json

_PING = re.compile(rb"webhook_id=[0-9]+\s*")
_LISTS = ("orders", "order_refunds", "create", "update")
_OBJECTS = ("order", "order_refund")
_OTHERS = re.compile(r"^(product|customer|coupon|subscription|action|system)")


class WooCommerce(Adapter):
    """See `sources.platforms.adapter.Adapter`."""

    name = "woocommerce"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "order.created": "order",
        "order.updated": "order as it is now",
        "order.deleted": "id of an order in the bin",
        "order.restored": "order",
        "orders": "answer of GET orders, or of one order",
        "orders/<id>/refunds": "answer of GET orders/<id>/refunds",
    }

    def parse(self, body: bytes) -> Node:
        """JSON, or the form that a new webhook sends once to say hello."""
        return Node({"webhook_id": 0}, "") if _PING.fullmatch(body) else parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """Orders and refunds out of lists, batch answers and the envelopes of the older API."""
        parts = tuple(self._parts(payload, topic))
        return parts or (Part("nothing", "none", payload),)

    def _parts(self, payload: Node, topic: str) -> Iterator[Part]:
        if isinstance(payload.value, list):
            for item in payload.items():
                yield from self._parts(item, topic)
            return
        if not isinstance(payload.value, dict):
            raise payload.malformed("an order or a refund")
        lists = [name for name in _LISTS if isinstance(payload.value.get(name), list)]
        for item in (item for name in lists for item in payload.each(name)):
            yield from self._parts(item, topic)
        if lists:
            return
        for name in _OBJECTS:
            inner = payload.find(name)
            if inner is not None and isinstance(inner.value, dict):
                yield from self._parts(inner, topic)
                return
        yield self._part(payload, topic)

    def _part(self, payload: Node, topic: str) -> Part:
        fields = payload.value.keys()
        if "webhook_id" in fields and len(fields) == 1:
            return Part("ping", "none", payload)
        if "amount" in fields and "status" not in fields:
            if "code" in fields and "discount_type" in fields:
                return Part("other", "none", payload)
            return Part("refund", order_id_of(payload, topic), payload)
        if "line_items" in fields or {"order_key", "status"} <= fields:
            return Part("order", payload.need("id").identity(), payload)
        if "deleted" in topic and "id" in fields:
            return Part("deleted", payload.need("id").reference(), payload)
        if "arg" in fields and "action" in fields:
            raise Unjudged("refetch", "an action names an object only: fetch the order", f"{payload.pointer}/arg")
        if _OTHERS.match(topic) or {"sku", "regular_price"} & fields or "username" in fields:
            return Part("other", "none", payload)
        if "id" in fields and len(fields) <= 2:
            raise Unjudged("refetch", "an id only: fetch the order", f"{payload.pointer}/id")
        pointer = payload.pointer
        raise Unjudged("reject_malformed", f"{pointer or 'the payload'}: neither an order nor a refund", pointer)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """An order or a refund; what is told of both comes from what is known of them together."""
        if part.kind == "order":
            return _Life(part.resource, context).order(part.node)
        if part.kind == "refund":
            return _Life(part.resource, context).refund(part.node)
        return Nothing(_NOTHING[part.kind])


_NOTHING = {
    "nothing": "an empty list",
    "ping": "a webhook says hello",
    "deleted": "an order went to the bin: what was booked stands, a cancellation or a refund takes it back",
    "other": "neither an order nor a refund",
}


class _Life:
    """One payload of an order or of one of its refunds, on top of what is remembered of the order."""

    def __init__(self, order_id: str, context: Context) -> None:
        self.order_id, self.context = order_id, context
        self.memory: Memory = memory_from_json(context.snapshot.memory)
        self.facts: list[Fact] = []
        self.notices: list[str] = []
        self.fetches: list[Fetch] = []

    @property
    def waits(self) -> bool:
        """Whether what a refund consists of is waited for."""
        return self.context.remembers and not self.context.snapshot.gave_up

    def order(self, node: Node) -> Reading | Nothing:
        """The order's state, its payment, its fees; then shipment, cancellation and refunds."""
        if node.need("status").text() in NO_ORDERS:
            return Nothing("no order yet, or in the bin")
        read = read_order(node, self.context)
        self.notices += read.notices
        version = micros(read.view.seen_at)
        known = self.memory.view
        late = known is not None and read.view.seen_at < known.seen_at
        if not late:
            self.memory.view = read.view
        if self.context.order is None and read.status in WITHOUT_SALE and read.paid_at is None and read.view.shipped_at is None:
            self.notices.append("cancelled or failed before anything was paid or shipped: no sale")
            return self._reading(version=version, seen_at=read.view.seen_at)
        if self.context.connection.tells("orders"):
            self.facts.append(read.placed())
        self._payment(node, read, late)
        stubs = {stub.refund_id: stub for stub in (read.stubs if not late else ())}
        self._shipment_and_refunds(stubs)
        return self._reading(version=version, seen_at=read.view.seen_at)

    def refund(self, node: Node) -> Reading:
        """A refund, told at once if its order is known and not older than the refund; else when that comes."""
        refund = read_refund(node, self.context.zone, home_of(self.context.connection))
        self.memory.refunds.setdefault(refund.refund_id, refund)
        view = self.memory.view
        if view is not None:
            self._shipment_and_refunds({})
            if self.waits and refund.at > view.seen_at and refund.refund_id not in (view.refunds or ()):
                self.fetches.append(Fetch("orders", f"orders/{self.order_id}", "a refund that is newer than what is known of its order"))
        elif not self.waits:
            self._tell_refund(refund)
        else:
            self.notices.append("the refund waits for its order")
            self.fetches.append(Fetch("orders", f"orders/{self.order_id}", "the order of a refund"))
        return self._reading(version=None, seen_at=refund.at)

    def _reading(self, version: int | None, seen_at: datetime) -> Reading:
        return Reading(
            facts=tuple(self.facts),
            order_id=self.order_id,
            version=version,
            seen_at=seen_at,
            notices=tuple(self.notices),
            fetches=tuple(self.fetches),
            memory=memory_to_json(self.memory),
        )

    def _told(self, business_key: str) -> bool:
        return business_key in self.context.snapshot.told

    def _payment(self, node: Node, read: ReadOrder, late: bool) -> None:
        connection = self.context.connection
        fact = captured(node, read)
        if fact is not None and connection.tells("captures") and not self._told(fact.business_key):
            self.facts.append(fact)
        at_provider = read.view.gateway in connection.payments_at
        if fact is not None and connection.tells("fees") and not at_provider and not late:
            at = read.paid_at or read.created_at
            self.facts += fee_facts(node, read.order_id, read.view, self.memory, at=at, notices=self.notices)

    def _shipment_and_refunds(self, stubs: Mapping[str, Refund]) -> None:
        view = self.memory.view
        if view is None:
            return
        unknown = [refund_id for refund_id in view.refunds or () if refund_id not in self.memory.refunds]
        if unknown:
            self.notices.append("refunds are stated by their amount only: fetch the refunds of the order")
            self.fetches.append(Fetch(f"orders/{self.order_id}/refunds", f"order_refunds/{self.order_id}", "refunds by amount only"))
        if not unknown or not self.waits:
            self._ship(view)
        if view.cancelled and view.shipped_at is None and self.context.connection.tells("orders") and not self._told("cancellation"):
            body: EventTwin = {"lines": [], "cancel_charges": True}
            self.facts.append(Fact(type="OrderCancelled", business_key="cancellation", body=body, occurred_at=view.seen_at, test_mode=None))
        for refund in self._listed(view):
            self._tell_refund(refund)
        for refund_id in unknown if not self.waits else ():
            if refund_id in stubs:
                self._tell_refund(stubs[refund_id])

    def _listed(self, view: OrderView) -> list[Refund]:
        """Refunds that are known, oldest first, and that the order lists, or is too old in its ways to list."""
        found = []
        for refund in self.memory.refunds.values():
            if view.refunds is None or refund.refund_id in view.refunds:
                found.append(refund)
            elif refund.at > view.seen_at or not self.context.remembers:
                self.notices.append("a refund waits for a newer payload of its order")
            elif self._told(refund_key(refund.refund_id)):
                self.notices.append("a refund that was told is not listed any more: it was deleted in the shop")
        return sorted(found, key=lambda refund: (refund.at, refund.refund_id))

    def _ship(self, view: OrderView) -> None:
        """The units of a completed order that were not refunded before it left, less those that left before."""
        if view.shipped_at is None or not self.context.connection.tells("orders"):
            return
        units = {line_id: line.units for line_id, line in view.lines.items() if line.kind == "GOODS"}
        for refund in self.memory.refunds.values():
            for item in refund.items if not is_after_shipping(refund, view) else ():
                line_id = original_of(item, view)
                if line_id in units:
                    units[line_id] -= item.units
        rest = {line_id: count - self.memory.shipped.get(line_id, 0) for line_id, count in units.items()}
        lines = [{"line_id": line_id, "quantity": _quantity(count)} for line_id, count in rest.items() if count > 0]
        if not lines and (units or self.memory.shipments):
            return
        number = self.memory.shipments
        self.memory.shipments += 1
        self.memory.shipped = {line_id: max(count, self.memory.shipped.get(line_id, 0)) for line_id, count in units.items()}
        shipment_id = f"{self.order_id}-{number}" if number else self.order_id
        body: EventTwin = {"shipment_id": shipment_id, "lines": lines} | ({"ship_to": view.ship_to} if view.ship_to else {})
        key = f"shipment:{shipment_id}"
        self.facts.append(Fact(type="ShipmentDispatched", business_key=key, body=body, occurred_at=view.shipped_at, test_mode=None))

    def _tell_refund(self, refund: Refund) -> None:
        if not self.context.connection.tells("refunds") or self._told(refund_key(refund.refund_id)):
            return
        view = self.memory.view
        currency, exponent = (view.currency, view.exponent) if view is not None else self._default_money(refund)
        if refund.items and unexplained(refund, exponent):
            self.notices.append("more was refunded than the lines of the refund are worth: the rest is told by its amount")
        self.facts.append(RefundReader(refund=refund, view=view, currency=currency, exponent=exponent).fact(self.order_id))

    def _default_money(self, refund: Refund) -> tuple[str, int]:
        currency = self.context.connection.default_currency
        if currency is None:
            message = "a refund states no currency: normalize it after its order, or set default_currency in the connection file"
            raise Unjudged("reject_malformed", message, f"{refund.pointer}/amount")
        return currency, exponent_of(currency, f"{refund.pointer}/amount")


def _quantity(units: int) -> str:
    whole, rest = divmod(units, MICRO)
    return f"{whole}.{rest:06d}".rstrip("0") if rest else str(whole)


ADAPTER = WooCommerce()
