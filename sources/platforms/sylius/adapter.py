"""The adapter of Sylius: orders as states, their payments and shipments as facts that find their order by its token."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.coarse_places import coarse_place, home_of
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Part, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import CANCELLATION_KEY, Placement, cancelled, captured, paid_back, placed, shipped
from sources.platforms.snapshot import WAITING_MAX
from sources.platforms.sylius.fields import linked, minor, moment, money_of, order_token, paid_by
from sources.platforms.sylius.order_lines import Agreed, agreed

_MEMBERS = ("hydra:member", "member")
_KINDS = {"Order": "order", "Payment": "payment", "Shipment": "shipment", "RefundPayment": "refund_payment"}
_PAID = frozenset({"paid", "partially_refunded", "refunded"})
_MONEY_CAME = frozenset({"completed", "refunded"})


class Sylius(Adapter):
    """See `sources.platforms.adapter.Adapter`."""

    name = "sylius"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "orders": "answer of GET orders, or of one order",
        "payments": "answer of GET payments, or of one payment",
        "shipments": "answer of GET shipments, or of one shipment",
        "refund-payments": "refund payments of the refund plugin",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:  # noqa: ARG002
        """Objects out of collections; what an object is, its `@type` says, else its fields."""
        return tuple(_parts(payload)) or (Part("nothing", "none", payload),)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """An order with what it proves of its payments and shipments, or one of these by itself."""
        life = _Life(context)
        match part.kind:
            case "order":
                return life.order(part.node)
            case "payment":
                return life.payment(part.node)
            case "shipment":
                return life.shipment(part.node)
            case "refund_payment":
                return life.refund_payment(part.node)
        return Nothing("explains an order, or is none: no fact of its own")


def _parts(node: Node) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item)
        return
    if not isinstance(node.value, dict):
        raise node.malformed("an object of the API")
    members = [item for name in _MEMBERS if name in node.value for item in node.each(name)]
    if any(name in node.value for name in _MEMBERS):
        for item in members:
            yield from _parts(item)
        return
    kind = _kind(node)
    yield Part(kind, _resource(node, kind), node)


def _kind(node: Node) -> str:
    named = node.find("@type")
    if named is not None and isinstance(named.value, str) and named.value in _KINDS:
        return _KINDS[named.value]
    fields = node.value.keys()
    if {"items", "total"} <= fields or {"tokenValue", "paymentState"} <= fields:
        return "order"
    if {"amount", "state", "method"} <= fields:
        return "payment"
    if named is not None or "@id" in fields or "code" in fields:
        return "other"
    raise Unjudged("reject_malformed", f"{node.pointer or 'the payload'}: no object of the API", node.pointer)


def _resource(node: Node, kind: str) -> str:
    if kind == "order":
        found = node.find("tokenValue") or linked(node.find("@id")) or node.need("number")
        return found.reference()
    if kind == "other":
        return "none"
    token = order_token(node)
    if token is None:
        raise Unjudged("refetch", "the order is not named: fetch the order", f"{node.pointer}/order")
    return token


class _Life:
    """One payload on top of what is remembered of its order: which unit is whose, how many units of each line left.

    early: shipments that came before their order, by id: when they left, and their units.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        memory = context.snapshot.memory
        self.units: dict[str, str] = dict(memory.get("units", {}))
        self.left: dict[str, int] = dict(memory.get("left", {}))
        self.early: dict[str, list[Json]] = dict(memory.get("early", {}))
        self.facts: list[Fact] = []
        self.notices: list[str] = []
        self.fetches: list[Fetch] = []

    def order(self, node: Node) -> Reading | Nothing:
        """OrderPlaced or its edit, payments, shipments, cancellation; a cart and an order of nothing are none."""
        connection, state = self.context.connection, node.find("state")
        state_name = state.text() if state is not None else "new"
        if state_name == "cart":
            return Nothing("a cart is no order yet")
        order_id, money = node.need("number").reference(), money_of(node, self.context)
        ship_to = _place(node, "shippingAddress") or _place(node, "billingAddress")
        found = agreed(node, money, ship_to or home_of(connection))
        self.notices += found.notices
        if not found.total and all(not line.gross for line in found.lines):
            return Nothing("an order of 0.00: no entry")
        at = moment(node, self.context, "checkoutCompletedAt", "createdAt", "updatedAt")
        payments = node.each("payments")
        methods = [paid_by(payment.find("method")) for payment in payments]
        channel, customer = linked(node.find("channel")), linked(node.find("customer"))
        placement = Placement(
            money=money,
            lines=found.lines,
            total=found.total,
            included=found.included,
            order_discounts=found.order_discounts,
            channel=connection.channel_of(channel.text() if channel is not None and isinstance(channel.value, str) else None),
            customer_ref=customer.identity() if customer is not None and str(customer.value).isdigit() else None,
            on_delivery=bool(methods) and all(method.tender == "CASH_ON_DELIVERY" for method in methods),
            ship_to=ship_to,
        )
        never_paid = state_name == "cancelled" and self.context.order is None and not self._is_paid(node)
        if never_paid:
            return Nothing("cancelled before it was paid: no sale")
        if connection.tells("orders"):
            self.facts.append(placed(placement, connection, self.context.tenant, at=at))
        self._payments(node, found, at)
        self._shipments(node, found, at, ship_to)
        self.facts.sort(key=_is_refund)
        if state_name == "cancelled" and not self._told(CANCELLATION_KEY) and connection.tells("orders"):
            self.facts.append(cancelled(moment(node, self.context, "updatedAt")))
        return self._reading(order_id)

    def payment(self, node: Node) -> Reading | Nothing:
        """A payment that was completed, and all of it again where it is refunded."""
        state = node.need("state").text()
        if state not in _MONEY_CAME:
            return Nothing("a payment that is not completed: no money came")
        at = moment(node, self.context, "completedAt", "updatedAt", "createdAt")
        self._money(node, node.need("amount"), state == "refunded", at)
        return self._reading(None)

    def shipment(self, node: Node) -> Reading | Nothing:
        """A shipment that left; its units are known by the order, so that comes first."""
        if node.need("state").text() != "shipped":
            return Nothing("a shipment that has not left")
        shipment_id, at = node.need("id").reference(), moment(node, self.context, "shippedAt")
        units = [named.reference() for unit in node.each("units") if (named := linked(unit)) is not None]
        if self.units and units:
            self._leave(shipment_id, units, at)
            return self._reading(None)
        reason = "the units of a shipment are known by their order only: fetch the order"
        fetch = Fetch("orders", f"orders/{_resource(node, 'shipment')}", "the order of a shipment")
        if not units or not self.context.remembers or len(self.early) >= WAITING_MAX:
            raise Unjudged("refetch", reason, f"{node.pointer}/units", fetch)
        self.early[shipment_id] = [at.isoformat(), units]
        self.notices.append("a shipment waits for its order")
        self.fetches.append(fetch)
        return self._reading(None)

    def _leave(self, shipment_id: str, units: Sequence[str], at: datetime) -> None:
        """Tell the units of one shipment, as many of a line as the order has of it."""
        counts = Counter(self.units[unit] for unit in units if unit in self.units)
        limits = Counter(self.units.values())
        self._ship(shipment_id, {line: min(self.left.get(line, 0) + count, limits[line]) for line, count in counts.items()}, at)

    def refund_payment(self, node: Node) -> Reading:
        """Money of the refund plugin that goes back: to be paid while it is new, paid when it is completed."""
        at = moment(node, self.context, "updatedAt", "createdAt")
        money = money_of(node, self.context)
        amount = minor(node.need("amount"), money)
        _positive(node, amount)
        state = node.need("state").text()
        if self.context.connection.tells("refunds"):
            self.facts.append(
                paid_back(
                    node.need("id").reference(),
                    amount,
                    money,
                    paid_by(node.find("paymentMethod")),
                    at,
                    payment_id=None,
                    status="SUCCEEDED" if state == "completed" else "PENDING",
                )
            )
        return self._reading(None)

    def _payments(self, node: Node, found: Agreed, at: datetime) -> None:
        """Each payment by its own state; where the order does not show that, its last payment by the order's state."""
        payments = node.each("payments")
        stated = [payment for payment in payments if payment.find("state") is not None and payment.find("amount") is not None]
        for payment in stated:
            state = payment.need("state").text()
            if state in _MONEY_CAME:
                self._money(payment, payment.need("amount"), state == "refunded", at, node)
        if stated or not self._is_paid(node) or not found.total:
            return
        state_name = node.need("paymentState").text()
        last = payments[-1] if payments else None
        if last is None or last.find("id") is None:
            self.notices.append("the order is paid, by which payment it does not say: fetch its payments")
            self.fetches.append(Fetch("payments", f"payments/{_resource(node, 'order')}", "the payment of a paid order"))
            return
        self._money(last, found.total, state_name == "refunded", at, node)
        if state_name == "partially_refunded":
            self.notices.append("a part was refunded: how much, the order does not say")

    def _is_paid(self, node: Node) -> bool:
        state = node.find("paymentState")
        return state is not None and isinstance(state.value, str) and state.value in _PAID

    def _money(self, payment: Node, stated: Node | int, refunded: bool, at: datetime, order: Node | None = None) -> None:
        """A capture and, if it was refunded, a refund of the whole payment; under the same keys from an order and from a payment."""
        connection, payment_id = self.context.connection, payment.need("id").reference()
        owner = payment if payment.find("currencyCode") is not None or order is None else order
        money, method = money_of(owner, self.context), paid_by(payment.find("method"))
        amount = stated if isinstance(stated, int) else minor(stated, money)
        _positive(payment, amount)
        if connection.tells("captures") and amount and not self._told(f"capture:{payment_id}"):
            self.facts.append(captured(payment_id, amount, money, method, at))
        if refunded and connection.tells("refunds") and amount and not self._told(f"refund:{payment_id}"):
            self.facts.append(paid_back(payment_id, amount, money, method, at, payment_id=payment_id))

    def _shipments(self, node: Node, found: Agreed, at: datetime, ship_to: dict[str, str] | None) -> None:
        """An order that is shipped as a whole: what did not leave before leaves with its last shipment."""
        for place, item in enumerate(node.each("items")):
            for unit in item.each("units"):
                named = linked(unit)
                if named is not None:
                    self.units[named.reference()] = found.lines[place].line_id
        for shipment_id, (left_at, units) in sorted(self.early.items(), key=lambda each: (each[1][0], each[0])) if self.units else ():
            self._leave(shipment_id, units, datetime.fromisoformat(left_at))
            del self.early[shipment_id]
        state = node.find("shippingState")
        if state is None or state.value != "shipped":
            return
        ids = [named.reference() for shipment in node.each("shipments") if (named := shipment.find("id")) is not None]
        untold = [shipment_id for shipment_id in ids if not self._told(f"shipment:{shipment_id}")]
        counts = {line.line_id: int(line.quantity) for line in found.lines if line.kind == "GOODS"}
        self._ship(untold[-1] if untold else "order", counts, at, ship_to)

    def _ship(self, shipment_id: str, counts: Mapping[str, int], at: datetime, ship_to: dict[str, str] | None = None) -> None:
        """Tell the units up to these counts that did not leave yet."""
        if self._told(f"shipment:{shipment_id}") or not self.context.connection.tells("orders"):
            return
        units = [(line_id, count - self.left.get(line_id, 0)) for line_id, count in counts.items()]
        leaving = [(line_id, str(count)) for line_id, count in units if count > 0]
        if not leaving:
            return
        self.left |= {line_id: max(count, self.left.get(line_id, 0)) for line_id, count in counts.items()}
        self.facts.append(shipped(shipment_id, leaving, at, ship_to))

    def _told(self, business_key: str) -> bool:
        return business_key in self.context.snapshot.told or any(fact.business_key == business_key for fact in self.facts)

    def _reading(self, order_id: str | None) -> Reading:
        memory: dict[str, Json] = {"units": self.units, "left": self.left} | ({"early": self.early} if self.early else {})
        return Reading(
            facts=tuple(self.facts),
            order_id=order_id,
            notices=tuple(self.notices),
            fetches=tuple(self.fetches),
            memory=memory,
        )


def _is_refund(fact: Fact) -> bool:
    """The money of a refund credits what was shipped, so what left is told before it."""
    return fact.type == "RefundIssued"


def _positive(node: Node, amount: int) -> None:
    if amount < 0:
        raise Unjudged("reject_malformed", f"{node.pointer}/amount is negative", f"{node.pointer}/amount")


def _place(order: Node, name: str) -> dict[str, str] | None:
    address = order.find(name)
    if address is None or not isinstance(address.value, dict):
        return None
    return coarse_place(address.find("countryCode"), address.find("provinceCode"), address.find("postcode"))


ADAPTER = Sylius()
