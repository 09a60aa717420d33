"""What lies in a payload of Mercado Pago: objects, bare, in pages or in notifications, and the payment that each belongs to.

Objects do not say what they are: their fields do. Where these leave it open, the topic does.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from sources.platforms.facts import Fetch, Part
from sources.platforms.mercado_pago.fields import object_at, word_at
from sources.platforms.mercado_pago.orders import CAME, check_refunds, id_beside, surroundings
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node, parse_payload

_MARKS: Final[Mapping[str, str]] = {
    "disbursements": "a split payment: its money arrives as payments",
    "preapproval_id": "an instalment of a subscription: its money arrives as a payment",
    "auto_recurring": "a subscription: its money arrives as payments",
    "init_point": "a checkout: its money arrives as a payment",
    "players": "a claim: money moves with its payment",
    "disbursement_id": "a refund of a split payment: its money arrives as refunds of payments",
    "cardholder": "a card, no money moved",
    "first_six_digits": "a card, no money moved",
    "identification": "a customer, no money moved",
    "nickname": "an account, no money moved",
    "device_id": "a terminal's intent: its money arrives as a payment",
    "payment_intent_id": "a terminal's intent: its money arrives as a payment",
}
"""Field of other objects that are known -> why nothing comes of them."""
_OWN_MONEY: Final = frozenset({"account_fund", "money_exchange", "investment", "payout"})
"""Operations that are no sale: money moves between accounts of the same owner."""
_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("payment", "payments", "collection", "collections"), "payment"),
    **dict.fromkeys(("merchant_order", "merchant_orders"), "merchant_order"),
    **dict.fromkeys(("order", "orders"), "order"),
    **dict.fromkeys(("chargeback", "chargebacks"), "chargeback"),
}
"""What a notification or a path says -> kind of object to fetch."""
_WORDS: Final = re.compile(r"^topic_|_wh$|[^a-z_].*$")
_LISTS: Final = ("results", "elements", "data", "events")
_WRAPPERS: Final = ("response", "body")
_DISPUTED: Final = frozenset(
    {"coverage_applied", "coverage_elegible", "coverage_eligible", "documentation_status", "documentation_required", "reason_id"}
)
_REFUNDED: Final = frozenset({"source", "refund_mode", "unique_sequence_number", "adjustment_amount", "partition_details", "labels"})
_OF_MERCHANT_ORDERS: Final = frozenset({"order_status", "preference_id", "paid_amount", "refunded_amount", "shipping_cost"})
_OF_ORDERS: Final = frozenset({"processing_mode", "country_code", "capture_mode", "total_paid_amount", "status_detail", "integration_data"})
_DEPTH_MAX: Final = 8
_FORM_FIELDS_MAX: Final = 20


def parse_body(body: bytes) -> Node:
    """JSON, or the form of an old notification: `topic=payment&id=1`, `type=payment&data.id=1`."""
    if body.lstrip()[:1] in {b"{", b"["} or b"=" not in body[:64]:
        return parse_payload(body)
    try:
        fields = dict(parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=_FORM_FIELDS_MAX))
    except ValueError:
        raise Unjudged("reject_malformed", "neither JSON nor the form of a notification", "") from None
    named = {"topic": fields.get("topic") or fields.get("type"), "resource": fields.get("data.id") or fields.get("id")}
    return Node({name: value for name, value in named.items() if value is not None}, "")


def parts_of(payload: Node, topic: str) -> list[Part]:
    """Every object of a payload as a part; never empty. Raises `Unjudged` for what is no object of Mercado Pago."""
    return list(_parts(payload, topic, 0)) or [Part("nothing", "list", payload, {"reason": "an empty page"})]


def pointer_to(kind: str, identity: str, pointer: str) -> Unjudged:
    """The complaint that only an id came, with the object to fetch."""
    fetch = Fetch(kind, f"{kind}/{identity}", "a notification names its object only")
    return Unjudged("refetch", "only the id of an object: fetch the object", pointer, fetch)


def _parts(node: Node, topic: str, depth: int) -> Iterator[Part]:
    """Pages and wrappers are taken apart, down to a bound."""
    if depth > _DEPTH_MAX:
        raise Unjudged("reject_malformed", f"{node.pointer}: objects are nested too deeply", node.pointer)
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item, topic, depth + 1)
        return
    if not isinstance(node.value, dict):
        raise node.malformed("an object of Mercado Pago")
    inner = next((found for name in _WRAPPERS if (found := object_at(node, name)) is not None), None)
    page = next((found for name in _LISTS if (found := node.find(name)) is not None and isinstance(found.value, list)), None)
    if inner is not None or page is not None:
        yield from _parts(inner if inner is not None else page or node, topic, depth + 1)
    elif object_at(node, "data") is not None or ("topic" in node.value and "resource" in node.value):
        yield from _notified(node, topic)
    elif (collection := object_at(node, "collection")) is not None:
        yield Part("listed", collection.need("id").reference(), collection, {"around": {}})
    else:
        yield from _object(node, topic)


def _kind_named(name: str) -> str | None:
    return _KINDS.get(_WORDS.sub("", name.lower()))


def _notified(node: Node, topic: str) -> Iterator[Part]:
    """A notification, of any generation. Those of orders carry the order, but nothing proves their body: only the id is signed."""
    names = [word_at(node, name) for name in ("type", "topic", "action")]
    kind = next((kind for name in (*names, topic) if (kind := _kind_named(name)) is not None), None)
    data = object_at(node, "data")
    if data is None:
        resource = node.need("resource").reference()
        *path, last = resource.split("?", 1)[0].rstrip("/").split("/")
        if kind is None and not any(names):
            kind = next((found for each in path if (found := _kind_named(each)) is not None), None)
        identity, pointer = Node(last, f"{node.pointer}/resource").reference(), f"{node.pointer}/resource"
    else:
        named = data.find("id")
        identity, pointer = named.reference() if named is not None else "notification", f"{data.pointer}/id"
    if kind is None or identity == "notification":
        yield Part("nothing", identity, node, {"reason": "a notification about something without accounting effect"})
    else:
        yield Part("pointer", identity, node, {"kind": kind, "pointer": pointer})


def _object(node: Node, topic: str) -> Iterator[Part]:
    fields = node.value.keys()
    reason = next((reason for mark, reason in _MARKS.items() if mark in fields), None)
    identity = node.find("id")
    if reason is not None and ("transaction_amount" not in fields or "preapproval_id" in fields):
        yield Part("nothing", "object", node, {"reason": reason})
    elif word_at(node, "operation_type") in _OWN_MONEY:
        yield Part("nothing", "object", node, {"reason": "money between own accounts: kept for settlements"})
    elif "transaction_amount" in fields:
        yield Part("payment", node.need("id").reference(), node)
    elif object_at(node, "transactions") is not None or ("total_amount" in fields and _is_order(node)):
        yield from _order(node)
    elif "total_amount" in fields and not fields.isdisjoint(_OF_MERCHANT_ORDERS):
        yield from _merchant_order(node)
    elif "amount" in fields and ({"payment_id", "payments", "source"} & fields or not fields.isdisjoint(_DISPUTED | _REFUNDED)):
        yield _claimed_or_refunded(node, topic)
    elif isinstance(node.value.get("payments"), list) or object_at(node, "payment_method") is not None:
        yield Part("nothing", "transactions", node, {"reason": "payments of an order that is not named: told with the order"})
    elif identity is not None and (kind := _kind_named(topic)) is not None:
        yield Part("pointer", identity.reference(), node, {"kind": kind, "pointer": identity.pointer})
    else:
        message = "no object of Mercado Pago: it is no payment, refund, chargeback, order or notification"
        raise Unjudged("reject_malformed", message, node.pointer)


def _is_order(node: Node) -> bool:
    """Whether it is an order of the Orders API; merchant orders have none of its fields."""
    fields = node.value.keys()
    return fields.isdisjoint({"order_status", "preference_id", "paid_amount"}) and not fields.isdisjoint(_OF_ORDERS)


def _order(order: Node) -> Iterator[Part]:
    """The payments and refunds of an order; each under the id of its payment, the one of the API of payments where it is known."""
    around = surroundings(order)
    transactions = object_at(order, "transactions")
    payments, refunds = (transactions.each(name) if transactions is not None else [] for name in ("payments", "refunds"))
    resources: dict[str, str] = {}
    for payment in payments:
        identity = payment.need("id").reference()
        resources[identity] = id_beside(payment) or identity
        beside = [each for each in refunds if each.need("transaction_id").reference() == identity]
        check_refunds(payment, beside)
        yield Part("transaction", resources[identity], payment, {"around": around, "refunds_beside": bool(beside)})
    for refund in refunds:
        identity = refund.need("transaction_id").reference()
        yield Part("order_refund", resources.get(identity, identity), refund, {"around": around})
    if not payments and not refunds:
        identity = order.need("id").reference()
        if word_at(order, "status") in CAME:
            yield Part("pointer", identity, order, {"kind": "order", "pointer": f"{order.pointer}/transactions"})
        else:
            yield Part("nothing", identity, order, {"reason": "an order without payments: nothing is paid"})


def _merchant_order(order: Node) -> Iterator[Part]:
    around = surroundings(order)
    for payment in order.each("payments"):
        yield Part("listed", payment.need("id").reference(), payment, {"around": around})
    yield Part("merchant_order", order.need("id").reference(), order)


def _claimed_or_refunded(node: Node, topic: str) -> Part:
    """Chargebacks state a currency and their coverage, refunds neither."""
    fields = node.value.keys()
    has_currency = "currency_id" in fields or "currency" in fields
    likely = has_currency or "chargeback" in topic.lower()
    if fields.isdisjoint(_REFUNDED) and (not fields.isdisjoint(_DISPUTED) or "payments" in fields or likely):
        return Part("chargeback", _disputed_payment(node), node)
    payment_id = node.find("payment_id")
    return Part("refund", (payment_id if payment_id is not None else node.need("id")).reference(), node)


def _disputed_payment(node: Node) -> str:
    """The payment that a chargeback is about; where it names none, there is nothing that it could be booked on."""
    single = node.find("payment_id")
    named = [single] if single is not None else node.each("payments")
    for each in named:
        identity = each.find("id") if isinstance(each.value, dict) else each
        if identity is not None:
            return identity.reference()
    identity = node.need("id")
    fetch = Fetch("chargeback", f"chargeback/{identity.reference()}", "a chargeback that names no payment")
    raise Unjudged("refetch", "a chargeback that names no payment: fetch it", f"{node.pointer}/payments", fetch)
