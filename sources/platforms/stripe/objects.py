"""What lies in a payload: objects, bare, in event envelopes or in lists, and the payment that each belongs to."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sources.platforms.facts import Fetch, Json, Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.stripe.money import moment_of

READ: Final = frozenset({"charge", "payment_intent", "refund", "dispute", "balance_transaction"})
"""Objects from which facts are read."""
WITHOUT_FACTS: Final[Mapping[str, str]] = {
    "payout": "a payout: kept for settlements",
    "transfer": "a transfer between accounts: kept for settlements",
    "transfer_reversal": "a transfer between accounts that was undone: kept for settlements",
    "topup": "a top-up of the balance: kept for settlements",
    "balance": "a balance: kept for settlements",
    "application_fee": "a fee that the platform earns at a connected account: kept for settlements",
    "fee_refund": "a fee that the platform gave back: kept for settlements",
    "checkout.session": "a checkout: its money arrives as payment intent and charge",
    "setup_intent": "a payment method was kept, no money moved",
    "invoice": "an invoice: its money arrives as payment intent and charge",
    "review": "a review, no money moved",
    "radar.early_fraud_warning": "a warning, no money moved",
}
"""Other objects that are known -> why nothing comes of them."""
_BY_PREFIX: Final[Mapping[str, str]] = {
    "ch": "charge",
    "py": "charge",
    "pi": "payment_intent",
    "re": "refund",
    "pyr": "refund",
    "dp": "dispute",
    "du": "dispute",
    "txn": "balance_transaction",
    "po": "payout",
    "tr": "transfer",
    "fee": "application_fee",
    "cs": "checkout.session",
}
"""What an id starts with -> object, for old payloads without `object`."""
_BY_TOPIC: Final = (("charge.dispute", "dispute"), ("charge.refund.", "refund"), ("charge", "charge"), ("payment_intent", "payment_intent"))
_IN_CHARGE: Final = ("ch_", "py_")


def parts_of(payload: Node, topic: str) -> list[Part]:
    """Every object of a payload as a part; never empty. Raises `Unjudged` for what is no object of Stripe."""
    found = [part for node, about in _unpacked(payload, {}) for part in _parts(node, about, topic)]
    return found or [Part("nothing", "list", payload, {"reason": "an empty page"})]


def id_of(node: Node | None) -> str | None:
    """The id of an object that may be expanded; None where there is none."""
    if node is None:
        return None
    return (node.need("id") if isinstance(node.value, dict) else node).reference()


def expanded(node: Node | None) -> Node | None:
    """The object itself where it stands in place of its id."""
    return node if node is not None and isinstance(node.value, dict) else None


def charges_of(intent: Node) -> list[Node]:
    """The charges of a payment intent that stand in it: `latest_charge` of today, `charges.data` of older versions."""
    latest, charges = expanded(intent.find("latest_charge")), expanded(intent.find("charges"))
    return [latest] if latest is not None else charges.each("data") if charges is not None else []


def _unpacked(node: Node, about: Mapping[str, Json]) -> Iterator[tuple[Node, Mapping[str, Json]]]:
    """Envelopes and lists taken apart."""
    if isinstance(node.value, list):
        for item in node.items():
            yield from _unpacked(item, about)
        return
    kind = node.find("object")
    detail = node.find("detail")
    if kind is None and detail is not None and node.find("detail-type") is not None:
        yield from _unpacked(detail, about)
    elif kind is not None and kind.value in ("list", "search_result"):
        for item in node.each("data"):
            yield from _unpacked(item, about)
    elif kind is not None and kind.value == "v2.core.event":
        raise _pointer_only(node)
    elif kind is not None and kind.value == "event":
        yield node.need("data").need("object"), _of_event(node)
    else:
        yield node, about


def _of_event(event: Node) -> Mapping[str, Json]:
    """What the envelope says: whether it is live, when it was made, and its type."""
    live, kind, created = event.find("livemode"), event.find("type"), event.find("created")
    about: dict[str, Json] = {"type": kind.value if kind is not None and isinstance(kind.value, str) else ""}
    if live is not None:
        about["test"] = not live.flag()
    if created is not None:
        moment_of(created)
        about["created"] = created.integer()
    return about


def _pointer_only(event: Node) -> Unjudged:
    related = event.find("related_object")
    fetch = None
    if related is not None:
        kind, identity = related.need("type").reference(), related.need("id").reference()
        fetch = Fetch(kind, f"{kind}/{identity}", "a thin event")
    return Unjudged("refetch", "a thin event names its object only: fetch the object", f"{event.pointer}/related_object", fetch)


def _kind_of(node: Node, topic: str) -> str:
    """What an object is: it says so, else its id does, else the topic."""
    stated = node.find("object")
    if stated is not None:
        return stated.value if isinstance(stated.value, str) else ""
    identity = node.find("id")
    prefix = identity.value.split("_", 1)[0] if identity is not None and isinstance(identity.value, str) else ""
    return _BY_PREFIX.get(prefix) or next((kind for start, kind in _BY_TOPIC if topic.startswith(start)), "")


def _parts(node: Node, about: Mapping[str, Json], topic: str) -> Iterator[Part]:
    kind = _kind_of(node, topic)
    if kind in READ:
        if kind == "payment_intent" and (charges := charges_of(node)):
            for charge in charges:
                yield Part("charge", charge.need("id").reference(), charge, {**about, "metadata": _metadata_of(node)})
            return
        source = expanded(node.find("source")) if kind == "balance_transaction" else None
        if source is not None and _kind_of(source, "") in READ - {"balance_transaction"}:
            about = {**about, **({"test": not live.flag()} if (live := source.find("livemode")) is not None else {})}
            yield Part(_kind_of(source, ""), _payment_of(_kind_of(source, ""), source), source, {**about, "row": True})
        yield Part(kind, _payment_of(kind, node), node, about)
    elif kind in WITHOUT_FACTS:
        yield Part("nothing", id_of(node.find("id")) or kind, node, {"reason": WITHOUT_FACTS[kind]})
    elif kind:
        yield Part("nothing", id_of(node.find("id")) or "object", node, {"reason": "an object without accounting effect"})
    else:
        raise Unjudged("reject_malformed", "no object of Stripe: it has no `object` and no id that tells", f"{node.pointer}/object")


def _metadata_of(node: Node) -> dict[str, Any]:
    """The payment intent as a source of the order's id only: what `order_reference` may point at."""
    return {"metadata": found.value} if (found := node.find("metadata")) is not None else {}


def _payment_of(kind: str, node: Node) -> str:
    """The id of the charge that an object belongs to; the object's own where it does not say."""
    identity = node.need("id").reference()
    if kind == "payment_intent":
        return id_of(node.find("latest_charge")) or identity
    if kind in {"refund", "dispute"}:
        return id_of(node.find("charge")) or id_of(node.find("payment_intent")) or identity
    if kind == "balance_transaction":
        source = node.find("source")
        inner = expanded(source)
        if inner is not None and _kind_of(inner, "") in {"refund", "dispute"}:
            return _payment_of(_kind_of(inner, ""), inner)
        return id_of(source) or identity
    return identity


def is_charge(identity: str) -> bool:
    """Whether an id is that of a charge (or of a payment that is no card's)."""
    return identity.startswith(_IN_CHARGE)
