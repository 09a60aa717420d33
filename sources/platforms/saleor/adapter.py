"""The adapter of Saleor: orders as states, what was charged and refunded as sums that only grow, fulfillments as shipments."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.coarse_places import coarse_place, home_of
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Json, Part, Reading
from sources.platforms.gateway_names import UNKNOWN_GATEWAY, gateway_slug, tender_named
from sources.platforms.minor_units import decimal_text
from sources.platforms.moments import micros
from sources.platforms.outcome import EventTwin, Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.saleor.fields import amount_of, field, money_of, text_of
from sources.platforms.saleor.order_lines import agreed
from sources.platforms.shop_facts import CANCELLATION_KEY, Money, PaidBy, Placement, cancelled, captured, paid_back, placed, shipped
from sources.platforms.sold_lines import SoldLine

_WITHOUT_SALE = frozenset({"CANCELED", "CANCELLED", "EXPIRED"})
_CHARGED = frozenset({"FULLY_CHARGED", "PARTIALLY_CHARGED", "PARTIALLY_REFUNDED", "FULLY_REFUNDED"})
_LEFT = frozenset({"FULFILLED", "RETURNED", "REFUNDED_AND_RETURNED", "REPLACED"})
_CAME_BACK = frozenset({"RETURNED", "REFUNDED_AND_RETURNED"})
MICRO = 1_000_000


class Saleor(Adapter):
    """See `sources.platforms.adapter.Adapter`."""

    name = "saleor"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "ORDER_CREATED": "order",
        "ORDER_CONFIRMED": "order",
        "ORDER_UPDATED": "order as it is now",
        "ORDER_PAID": "order as it is now",
        "ORDER_FULFILLED": "order as it is now",
        "ORDER_REFUNDED": "order as it is now",
        "ORDER_CANCELLED": "order as it is now",
        "FULFILLMENT_CREATED": "fulfillment with its order",
        "TRANSACTION_*": "transaction with its order",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:  # noqa: ARG002
        """The order inside whatever a subscription puts around it, or in the list of the webhooks before it."""
        return tuple(_parts(payload)) or (Part("nothing", "none", payload),)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """An order; everything else is none."""
        if part.kind != "order":
            return Nothing("no order in it: no accounting effect")
        if text_of(part.node, "status") == "DRAFT":
            return Nothing("a draft is no order yet")
        return _Life(part.node, context).reading()


def _parts(node: Node) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item)
        return
    if not isinstance(node.value, dict):
        raise node.malformed("an order")
    if "lines" in node.value and field(node, "status") is not None and ("total" in node.value or "total_gross_amount" in node.value):
        yield Part("order", node.need("id").reference(), node)
        return
    for name in ("data", "event", "order", "fulfillment", "transaction", "payment"):
        inner = node.find(name)
        if inner is not None and isinstance(inner.value, dict):
            yield from _parts(inner)
            return
    if node.value.get("__typename") == "Order" or node.pointer.endswith("/order"):
        raise Unjudged("refetch", "the order is not whole: ask for status, total and lines in the subscription", node.pointer)
    if "__typename" in node.value or "type" in node.value or "id" in node.value:
        yield Part("other", "none", node)
        return
    raise Unjudged("reject_malformed", f"{node.pointer or 'the payload'}: no object of the shop", node.pointer)


class _Life:
    """One order payload on top of what is remembered: what was charged and refunded by payment, how many units left by line."""

    def __init__(self, order: Node, context: Context) -> None:
        self.order, self.context = order, context
        memory = context.snapshot.memory
        self.sums: dict[str, list[int]] = {payment: list(sums) for payment, sums in memory.get("sums", {}).items()}
        self.left: dict[str, int] = dict(memory.get("left", {}))
        self.facts: list[Fact] = []
        self.notices: list[str] = []

    def reading(self) -> Reading | Nothing:
        """OrderPlaced or its edit; payments, refunds, shipments, returns, cancellation."""
        order, connection = self.order, self.context.connection
        money, status = money_of(order, self.context), text_of(order, "status")
        ship_to = _place(order, "shippingAddress") or _place(order, "billingAddress")
        included = self._prices_include_tax()
        found = agreed(order, money, ship_to or home_of(connection), included)
        self.notices += found.notices
        at = self._created_at()
        seen_at = self._seen_at(at)
        self._payments(money, seen_at)
        if status in _WITHOUT_SALE and self.context.order is None and not self.facts:
            return Nothing("cancelled or expired before it was paid: no sale")
        user, channel = field(order, "user"), field(order, "channel")
        user_id = field(user, "id") if user is not None and isinstance(user.value, dict) else None
        slug = field(channel, "slug") if channel is not None and isinstance(channel.value, dict) else None
        placement = Placement(
            money=money,
            lines=found.lines,
            total=found.total,
            included=included,
            order_discounts=found.order_discounts,
            channel=connection.channel_of(slug.text() if slug is not None else None),
            customer_ref=user_id.reference() if user_id is not None else None,
            ship_to=ship_to,
        )
        if connection.tells("orders"):
            self._fulfillments(found.lines, status, seen_at)
            self.facts.sort(key=_happened)
            self.facts.insert(0, placed(placement, connection, self.context.tenant, at=at))
            if status in _WITHOUT_SALE and CANCELLATION_KEY not in self.context.snapshot.told:
                self.facts.append(cancelled(seen_at))
        memory: dict[str, Json] = {"sums": self.sums, "left": self.left}
        version = micros(seen_at) if field(order, "updatedAt") is not None else None
        return Reading(
            facts=tuple(self.facts),
            order_id=order.need("id").reference(),
            version=version,
            seen_at=seen_at,
            notices=tuple(self.notices),
            memory=memory,
        )

    def _created_at(self) -> datetime:
        created = field(self.order, "created") or field(self.order, "createdAt")
        if created is not None:
            return created.time(self.context.zone)
        if self.context.received_at is None:
            raise Unjudged(
                "refetch", "the time of the order is missing: ask for created in the subscription", f"{self.order.pointer}/created"
            )
        return self.context.received_at

    def _seen_at(self, created_at: datetime) -> datetime:
        updated = field(self.order, "updatedAt")
        return updated.time(self.context.zone) if updated is not None else self.context.received_at or created_at

    def _prices_include_tax(self) -> bool:
        stated = field(self.order, "includedTaxesInPrices") or self.order.at("channel.taxConfiguration.pricesEnteredWithTax")
        return stated is not None and stated.value is True

    def _payments(self, money: Money, at: datetime) -> None:
        """Payments of the older kind state what is captured now, transactions what is charged and what was refunded."""
        for payment in self.order.each("payments"):
            status = text_of(payment, "chargeStatus")
            if status not in _CHARGED:
                continue
            now = amount_of(payment, "capturedAmount", money) or 0
            total = amount_of(payment, "total", money)
            refunded = (total if total is not None else now) - now if status.endswith("REFUNDED") else 0
            self._sums(payment, now + max(0, refunded), max(0, refunded), money, at)
        for transaction in self.order.each("transactions"):
            refunded = amount_of(transaction, "refundedAmount", money) or 0
            charged = (amount_of(transaction, "chargedAmount", money) or 0) + refunded
            self._sums(transaction, charged, refunded, money, at)
        if not self.order.each("payments") and not self.order.each("transactions"):
            charged = amount_of(self.order, "totalCharged", money) or amount_of(self.order, "totalCaptured", money) or 0
            if charged > 0:
                self._sums(self.order, charged, 0, money, at)

    def _moved_at(self, payment: Node, at: datetime) -> datetime:
        """When a payment or transaction changed last, where the payload says so."""
        stated = field(payment, "modifiedAt") or field(payment, "modified") if payment is not self.order else None
        return stated.time(self.context.zone) if stated is not None else at

    def _sums(self, payment: Node, charged: int, refunded: int, money: Money, at: datetime) -> None:
        """Tell what these sums are more than they were; the first under the payment's id, later ones with the new sum behind it."""
        if charged < 0 or refunded < 0:
            raise Unjudged("reject_malformed", f"{payment.pointer}: a sum of money is negative", payment.pointer)
        connection, payment_id = self.context.connection, payment.need("id").reference()
        known_charged, known_refunded = self.sums.get(payment_id, [0, 0])
        gateway, name = field(payment, "gateway"), field(payment, "name") if payment is not self.order else None
        named = gateway if gateway is not None and isinstance(gateway.value, str) else name
        paid_by = (
            PaidBy(tender=tender_named(named), gateway=gateway_slug(named))
            if _is_text(named)
            else PaidBy(tender="OTHER", gateway=UNKNOWN_GATEWAY)
        )
        if charged > known_charged and connection.tells("captures"):
            told_under = f"{payment_id}:{charged}" if known_charged else payment_id
            self.facts.append(captured(told_under, charged - known_charged, money, paid_by, at))
        if refunded > known_refunded and connection.tells("refunds"):
            refund_id = f"{payment_id}:{refunded}"
            back_at = self._moved_at(payment, at)
            self.facts.append(paid_back(refund_id, refunded - known_refunded, money, paid_by, back_at, payment_id=payment_id))
        self.sums[payment_id] = [max(charged, known_charged), max(refunded, known_refunded)]

    def _fulfillments(self, lines: Sequence[SoldLine], status: str, at: datetime) -> None:
        """Units by fulfillment; what comes back is split off into a fulfillment of its own, whose units had left before."""
        ordered = {line.line_id: int(line.quantity * MICRO) for line in lines if line.kind in {"GOODS", "GIFT_CARD"}}
        if field(self.order, "fulfillments") is None:
            if status == "FULFILLED":
                self._ship("order", ordered, ordered, at)
            return
        for fulfillment in self.order.each("fulfillments"):
            state = text_of(fulfillment, "status")
            if state not in _LEFT:
                continue
            units = _units(fulfillment, ordered)
            fulfillment_id = fulfillment.need("id").reference()
            created = field(fulfillment, "created")
            when = created.time(self.context.zone) if created is not None else at
            before = dict(self.left)
            self._ship(fulfillment_id, units, ordered, when)
            if state in _CAME_BACK and f"return:{fulfillment_id}" not in self.context.snapshot.told and units:
                back = [{"line_id": line, "quantity": _quantity(count), "disposition": "UNKNOWN"} for line, count in units.items()]
                body: EventTwin = {"return_id": fulfillment_id, "lines": back}
                key = f"return:{fulfillment_id}"
                self.facts.append(Fact(type="ReturnReceived", business_key=key, body=body, occurred_at=at, test_mode=None))
            if not units and before == self.left and status == "FULFILLED":
                self._ship(fulfillment_id, ordered, ordered, when)

    def _ship(self, shipment_id: str, units: Mapping[str, int], ordered: Mapping[str, int], at: datetime) -> None:
        """Tell units that did not leave yet; those that came back count as left, under the fulfillment that holds them now."""
        if f"shipment:{shipment_id}" in self.context.snapshot.told:
            return
        room = {line: ordered[line] - self.left.get(line, 0) for line in units}
        leaving = {line: min(count, room[line]) for line, count in units.items() if min(count, room[line]) > 0}
        if not leaving:
            return
        for line, count in leaving.items():
            self.left[line] = self.left.get(line, 0) + count
        self.facts.append(shipped(shipment_id, [(line, _quantity(count)) for line, count in leaving.items()], at))


def _units(fulfillment: Node, ordered: Mapping[str, int]) -> dict[str, int]:
    """Millionths of units by order line; lines that the order does not have are left out."""
    found: dict[str, int] = {}
    for line in fulfillment.each("lines"):
        owner = field(line, "orderLine")
        named = owner.find("id") if owner is not None and isinstance(owner.value, dict) else field(line, "orderLineId")
        line_id = named.reference() if named is not None else ""
        if line_id in ordered:
            found[line_id] = found.get(line_id, 0) + line.need("quantity").count() * MICRO
    return {line_id: count for line_id, count in found.items() if count}


def _happened(fact: Fact) -> tuple[bool, datetime, bool]:
    """Captures first, the rest in order of time, so that it does not matter which payload shows it; a refund after what left before it."""
    refund = fact.type == "RefundIssued"
    return fact.type != "PaymentCaptured", fact.occurred_at, refund


def _is_text(node: Node | None) -> bool:
    return node is not None and isinstance(node.value, str)


def _quantity(units: int) -> str:
    return decimal_text(Decimal(units).scaleb(-6))


def _place(order: Node, name: str) -> dict[str, str] | None:
    address = field(order, name)
    if address is None or not isinstance(address.value, dict):
        return None
    country = address.find("country")
    if country is not None and isinstance(country.value, dict):
        country = country.find("code")
    return coarse_place(country, field(address, "countryArea"), field(address, "postalCode"))


ADAPTER = Saleor()
