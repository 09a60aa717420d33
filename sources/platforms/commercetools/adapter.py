"""The adapter of commercetools: orders and payments as they are, messages about them, notices that only point at them."""

from collections.abc import Iterator, Mapping, Sequence

from sources.platforms.adapter import Adapter, Grade
from sources.platforms.commercetools.fields import fetch_of, moment, referenced
from sources.platforms.commercetools.order import OrderLife
from sources.platforms.commercetools.payment import read_payment
from sources.platforms.context import Context
from sources.platforms.facts import Part, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_MONEY_MOVED = ("CheckoutPaymentCharged", "CheckoutPaymentRefunded")
_CHANGES_MONEY = (
    "OrderEditApplied",
    "OrderLineItem",
    "OrderCustomLineItem",
    "OrderDiscountCode",
    "OrderShipmentStateChanged",
    "OrderReturn",
)
"""Starts of the types of messages after which an order has to be fetched."""
_ORDERS = frozenset({"OrderCreated", "OrderImported"})
_PAYMENTS_MOVED = frozenset({"PaymentTransactionAdded", "PaymentTransactionStateChanged"})


class Commercetools(Adapter):
    """See `sources.platforms.adapter.Adapter`."""

    name = "commercetools"
    grade: Grade = "A"
    topics: Mapping[str, str] = {
        "orders": "answer of GET orders, or of one order",
        "payments": "answer of GET payments, or of one payment",
        "import": "draft of an order import",
        "message": "message of a subscription, also as a CloudEvent",
        "change": "notice that an object changed",
        "event": "event of Checkout",
    }

    def open(self, payload: Node, topic: str) -> Sequence[Part]:  # noqa: ARG002
        """Objects out of pages, CloudEvents and messages; with an order its payments, so that they learn whose they are."""
        return tuple(_parts(payload)) or (Part("nothing", "none", payload),)

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """By kind of object or message."""
        match part.kind:
            case "order":
                return OrderLife(part.resource, context).order(part.node)
            case "payment":
                return read_payment(part.node, context, part.about.get("order_id"))
            case "link":
                return Reading(order_id=part.about["order_id"], notices=("a payment and its order",))
            case "message":
                return _order_message(part, context)
            case "pointer":
                raise _pointed(part)
        return Nothing("no accounting effect")


def _parts(node: Node) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item)
        return
    if not isinstance(node.value, dict):
        raise node.malformed("an object of the API")
    fields = node.value.keys()
    if "specversion" in fields:
        yield from _cloud_event(node)
    elif "results" in fields:
        for item in node.each("results"):
            yield from _parts(item)
    elif "totalPrice" in fields and ("lineItems" in fields or "customLineItems" in fields):
        yield from _order_parts(node)
    elif "transactions" in fields or "amountPlanned" in fields:
        yield Part("payment", node.need("id").reference(), node)
    elif "payloadNotIncluded" in fields or {"reason", "payloadType"} <= fields:
        yield Part("pointer", _resource(node), node, {"kind": _kind(node)})
    elif "notificationType" in fields or "resource" in fields:
        yield from _notice(node)
    else:
        raise Unjudged("reject_malformed", f"{node.pointer or 'the payload'}: neither an order nor a payment nor a message", node.pointer)


def _cloud_event(node: Node) -> Iterator[Part]:
    data = node.find("data")
    if data is not None and isinstance(data.value, dict):
        yield from _parts(data)
    else:
        yield Part("pointer", "none", node, {"kind": ""})


def _order_parts(order: Node) -> Iterator[Part]:
    identity = (order.find("id") or order.need("orderNumber")).reference()
    yield Part("order", identity, order)
    info = order.find("paymentInfo")
    for payment in info.each("payments") if info is not None else ():
        payment_id, expanded = referenced(payment, "payment"), payment.find("obj")
        if payment_id is not None:
            kind, node = ("payment", expanded) if expanded is not None else ("link", payment)
            yield Part(kind, payment_id, node, {"order_id": identity})


def _notice(node: Node) -> Iterator[Part]:
    """A message, a notice of a change, or an event of Checkout."""
    named, notification = node.find("type"), node.find("notificationType")
    event = named.value if named is not None and isinstance(named.value, str) else ""
    what = notification.text() if notification is not None else "Message"
    kind, resource = _kind(node), _resource(node)
    if what == "Event":
        yield from _checkout(node, event)
    elif what in {"ResourceCreated", "ResourceUpdated"} and kind in {"order", "payment"}:
        yield Part("pointer", resource, node, {"kind": kind})
    elif what != "Message" or kind not in {"order", "payment"}:
        yield Part("nothing", "none", node)
    elif event in _ORDERS:
        yield from _order_parts(node.need("order"))
    elif event == "PaymentCreated":
        payment = node.need("payment")
        yield Part("payment", payment.need("id").reference(), payment)
    elif kind == "payment":
        yield Part("pointer" if event in _PAYMENTS_MOVED else "nothing", resource, node, {"kind": kind})
    elif event.startswith(_CHANGES_MONEY):
        yield Part("pointer", resource, node, {"kind": kind})
    else:
        yield Part("message", resource, node, {"type": event})
        payment_id = referenced(node.find("paymentRef"), "payment") or referenced(node.find("payment"), "payment")
        if event == "OrderPaymentAdded" and payment_id is not None:
            yield Part("link", payment_id, node, {"order_id": resource})


def _checkout(node: Node, event: str) -> Iterator[Part]:
    data = node.find("data")
    holds = data is not None and isinstance(data.value, dict)
    payment_id = referenced(data.find("payment"), "payment") if data is not None and holds else None
    order_id = referenced(data.find("order"), "order") if data is not None and holds else None
    if payment_id is not None and order_id is not None:
        yield Part("link", payment_id, node, {"order_id": order_id})
    if event.startswith(_MONEY_MOVED):
        yield Part("pointer", payment_id or "none", node, {"kind": "payment" if payment_id else ""})
    elif event == "CheckoutOrderCreated":
        yield Part("pointer", order_id or "none", node, {"kind": "order" if order_id else ""})
    else:
        yield Part("nothing", "none", node)


def _order_message(part: Part, context: Context) -> Reading:
    """What a message says by itself; every message counts for gaps."""
    message, life = part.node, OrderLife(part.resource, context)
    at = moment(message, context, "createdAt", "lastModifiedAt")
    life.number(message)
    if context.connection.tells("orders"):
        match part.about["type"]:
            case "DeliveryAdded":
                life.delivery(message.need("delivery"), at)
            case "ReturnInfoAdded":
                life.returned(message.need("returnInfo"), at)
            case "ReturnInfoSet":
                for info in message.each("returnInfo"):
                    life.returned(info, at)
            case "OrderStateChanged" if message.need("orderState").value == "Cancelled":
                life.cancel(at)
    if part.about["type"] == "OrderPaymentAdded":
        payment_id = referenced(message.find("paymentRef"), "payment") or referenced(message.find("payment"), "payment")
        if payment_id is not None:
            life.fetches.append(fetch_of("payment", payment_id, "a payment of the order"))
    if not life.facts:
        life.notices.append("a message without accounting effect")
    return life.reading(None, at)


def _pointed(part: Part) -> Unjudged:
    kind, pointer = part.about["kind"], f"{part.node.pointer}/resource"
    if kind in {"order", "payment"} and part.resource != "none":
        fetch = fetch_of(kind, part.resource, "a notice that only points at it")
        return Unjudged("refetch", f"the payload only points at the {kind}: fetch it", pointer, fetch)
    return Unjudged("refetch", "the payload was left out: fetch the message or the object", part.node.pointer)


def _kind(node: Node) -> str:
    resource = node.find("resource")
    named = resource.find("typeId") if resource is not None and isinstance(resource.value, dict) else None
    return named.value if named is not None and isinstance(named.value, str) else ""


def _resource(node: Node) -> str:
    resource = node.find("resource")
    identity = resource.find("id") if resource is not None and isinstance(resource.value, dict) else None
    return identity.reference() if identity is not None else "none"


ADAPTER = Commercetools()
