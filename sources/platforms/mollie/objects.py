"""What lies in a payload of Mollie: objects, bare, in pages or in events, and what each belongs to."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from sources.platforms.facts import Fetch, Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node, parse_payload

_WITH_PAYMENT: Final = frozenset({"refund", "capture", "chargeback"})
WITHOUT_FACTS: Final[Mapping[str, str]] = {
    "settlement": "a settlement: kept for settlements",
    "balance": "a balance: kept for settlements",
    "balance-report": "a report of a balance: kept for settlements",
    "payment-link": "a link to pay by: its money arrives as a payment",
    "subscription": "a subscription: its money arrives as payments",
    "mandate": "a mandate, no money moved",
    "customer": "a customer, no money moved",
    "session": "a checkout: its money arrives as a payment",
}
"""Objects that are known -> why nothing comes of them."""
_KINDS: Final[Mapping[str, str]] = {"tr": "payment", "ord": "order"}
"""What an id starts with -> kind of object to fetch."""
_POINTER_FIELDS_MAX: Final = 4


def parse_body(body: bytes) -> Node:
    """JSON, or the form `id=tr_...` of a webhook as an object with this one field."""
    start = body.lstrip()[:1]
    if start in {b"{", b"["} or b"=" not in body[:64]:
        return parse_payload(body)
    try:
        fields = parse_qsl(body.decode("ascii"), strict_parsing=True, max_num_fields=_POINTER_FIELDS_MAX)
    except ValueError:
        raise Unjudged("reject_malformed", "neither JSON nor a form with an id", "") from None
    return Node({name: value for name, value in fields if name == "id"}, "")


def parts_of(payload: Node) -> list[Part]:
    """Every object of a payload as a part; never empty. Raises `Unjudged` for what is no object of Mollie."""
    return list(_parts(payload)) or [Part("nothing", "list", payload, {"reason": "an empty page"})]


def pointer_to(identity: str, pointer: str) -> Unjudged:
    """The complaint that only an id came; where it tells its kind, the object to fetch."""
    kind = _KINDS.get(identity.split("_", 1)[0])
    fetch = Fetch(kind, f"{kind}/{identity}", "a webhook names its object only") if kind is not None else None
    return Unjudged("refetch", "only the id of an object: fetch the object", pointer, fetch)


def embedded(node: Node, name: str) -> list[Node] | None:
    """The objects that stand in `_embedded` under a name; None where they do not."""
    inside = node.find("_embedded")
    found = inside.find(name) if inside is not None and isinstance(inside.value, dict) else None
    return None if found is None else found.items()


def _parts(node: Node) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item)
        return
    resource = node.find("resource")
    if resource is None:
        yield from _without_resource(node)
        return
    kind = resource.value if isinstance(resource.value, str) else ""
    if kind == "event":
        inside = node.find("_embedded")
        entity = inside.find("entity") if inside is not None else None
        if entity is not None:
            yield from _parts(entity)
        else:
            identity = node.need("entityId")
            yield Part("pointer", identity.reference(), identity)
    elif kind == "payment":
        yield from _payment(node)
    elif kind == "order":
        yield Part("order", node.need("id").reference(), node)
        refunds = embedded(node, "refunds")
        for payment in embedded(node, "payments") or []:
            yield from _payment(payment, refunds_beside=refunds is not None)
        for refund in refunds or []:
            yield from _parts(refund)
    elif kind == "shipment":
        yield Part("shipment", node.need("orderId").reference(), node)
    elif kind in _WITH_PAYMENT:
        yield Part(kind, node.need("paymentId").reference(), node)
    elif kind in {"balance_transaction", "balance-transaction"}:
        payment_id = in_context(node, "paymentId")
        yield Part("balance_transaction", payment_id or node.need("id").reference(), node)
    else:
        yield Part("nothing", kind[:64] or "object", node, {"reason": WITHOUT_FACTS.get(kind, "an object without accounting effect")})


def _payment(payment: Node, *, refunds_beside: bool = False) -> Iterator[Part]:
    """A payment, and what was embedded in it."""
    yield Part("payment", payment.need("id").reference(), payment, {"refunds_beside": refunds_beside})
    for name in ("captures", "refunds", "chargebacks"):
        for inner in embedded(payment, name) or []:
            yield from _parts(inner)


def _without_resource(node: Node) -> Iterator[Part]:
    """A page of objects, or only an id."""
    inside = node.find("_embedded")
    if inside is not None:
        if not isinstance(inside.value, dict):
            raise inside.malformed("an object")
        for name in inside.value:
            for item in inside.each(name):
                yield from _parts(item)
    elif node.find("id") is not None and len(node.value) <= _POINTER_FIELDS_MAX:
        yield Part("pointer", node.need("id").reference(), node.need("id"))
    else:
        raise Unjudged("reject_malformed", "no object of Mollie: it has no `resource`", f"{node.pointer}/resource")


def in_context(row: Node, name: str) -> str | None:
    """An id out of the context of a balance transaction; newer versions put the context under its type."""
    context = row.find("context")
    if context is None:
        return None
    found = context.find(name)
    for inner in context.value:
        if found is None and isinstance(context.value[inner], dict):
            found = Node(context.value[inner], f"{context.pointer}/{inner}").find(name)
    return found.reference() if found is not None else None
