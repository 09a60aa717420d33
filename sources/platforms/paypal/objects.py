"""What lies in a payload of PayPal: objects, bare, in lists, in each other or in webhooks, and the payment each belongs to.

A payment is one capture (in the first version: one sale). Its id is that of the transaction, as reports and disputes name it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sources.platforms.facts import Fetch, Part
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.paypal.links import from_sandbox, linked, targets_of

WITHOUT_FACTS: Final[Mapping[str, str]] = {
    "authorization": "an authorization, no money moved",
    "payment": "a payment without a sale or capture: no money moved",
    "payouts": "a payout to others: kept for settlements",
    "invoice": "an invoice: its money arrives as a capture",
    "subscription": "a subscription: its money arrives as sales",
    "list": "an empty list",
    "event": "an event without accounting effect",
    "object": "an object without accounting effect",
}
"""Kinds that are known -> why nothing comes of them."""
_LISTS: Final = ("events", "transaction_details", "agreement_transaction_list", "balances", "payments", "items")
"""Fields that hold objects of which each speaks for itself."""
_RESOURCES: Final = ("capture", "sale", "refund", "authorization", "order")
"""Payment resources, and the fields under which the first version names them in a payment."""
_FIELDS: Final[Mapping[str, str]] = {
    "dispute_id": "dispute",
    "disputed_transactions": "dispute",
    "purchase_units": "order",
    "transaction_info": "row",
    "amount_with_breakdown": "recurring",
    "seller_receivable_breakdown": "capture",
    "final_capture": "capture",
    "is_final_capture": "capture",
    "seller_payable_breakdown": "refund",
    "refund_to_payer": "refund",
    "refund_reason_code": "refund",
    "refund_from_transaction_fee": "refund",
    "sale_id": "refund",
    "capture_id": "refund",
    "expiration_time": "authorization",
    "valid_until": "authorization",
    "payout_item": "payouts",
    "payout_amount": "payouts",
    "batch_header": "payouts",
    "detail": "invoice",
    "plan_id": "subscription",
    "total_balance": "balance",
    "transaction_fee": "sale",
    "billing_agreement_id": "sale",
}
"""Fields that only one kind of object has."""
_TYPES: Final[Mapping[str, str]] = {
    "capture": "capture",
    "refund": "refund",
    "sale": "sale",
    "authorization": "authorization",
    "checkout-order": "order",
    "dispute": "dispute",
    "payment": "payment",
    "payouts": "payouts",
    "payouts_item": "payouts",
    "invoices": "invoice",
    "subscription": "subscription",
    "agreement": "subscription",
    "plan": "subscription",
}
"""`resource_type` of a webhook -> kind."""
_NAMES: Final = {
    "PAYMENT.CAPTURE.REFUNDED": "refund",
    "PAYMENT.CAPTURE.REVERSED": "refund",
    "PAYMENT.SALE.REFUNDED": "refund",
    "PAYMENT.REFUND.": "refund",
    "PAYMENT.CAPTURE.": "capture",
    "PAYMENT.SALE.": "sale",
    "PAYMENT.AUTHORIZATION.": "authorization",
    "CHECKOUT.ORDER.": "order",
    "CUSTOMER.DISPUTE.": "dispute",
    "RISK.DISPUTE.": "dispute",
    "BILLING.": "subscription",
    "INVOICING.": "invoice",
    "PAYMENT.PAYOUTS": "payouts",
}
"""Beginning of an event's or a topic's name -> kind."""


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around an object. event: name of the webhook, else the caller's topic. wrapped: it came in a webhook.

    names: the objects in which the order's id may stand as well. order, payment: ids. beside: its refunds stand beside it.
    """

    event: str = ""
    type: str = ""
    wrapped: bool = False
    test: bool = False
    created: Any = None
    names: tuple[Any, ...] = ()
    order: str | None = None
    payment: str | None = None
    beside: bool = False

    @property
    def name(self) -> str:
        """The event's name without what the caller adds to it."""
        return self.event.upper().partition(" ")[0]

    def about(self) -> dict[str, Any]:
        """The same for a part."""
        names: dict[str, Any] = {}
        for each in self.names:
            names |= each
        return {"event": self.name, "test": self.test, "created": self.created, "names": names, "order": self.order, "beside": self.beside}


def parts_of(payload: Node, topic: str) -> list[Part]:
    """Every object of a payload as a part; never empty. Raises `Unjudged` for what is no object of PayPal."""
    return list(_parts(payload, _Around(event=topic))) or [_nothing("list", payload)]


def _nothing(kind: str, node: Node) -> Part:
    return Part("nothing", kind, node, {"reason": WITHOUT_FACTS[kind]})


def _parts(node: Node, around: _Around) -> Iterator[Part]:
    if isinstance(node.value, list):
        for item in node.items():
            yield from _parts(item, around)
        return
    if not isinstance(node.value, dict):
        raise node.malformed("an object of PayPal")
    if node.find("event_type") is not None:
        yield from _webhook(node)
    elif (event := node.find("webhook_event")) is not None:
        yield from _parts(event, around)
    elif node.find("balance") is not None:
        yield from _parts(node.need("balance"), around)
    elif _kind_by_field(node) is not None:
        yield from _object(node, around)
    elif (name := next((name for name in _LISTS if isinstance(node.value.get(name), list)), None)) is not None:
        yield from _listed(node, name, around)
    elif node.find("transactions") is not None:
        yield from _transactions(node, around)
    else:
        yield from _object(node, around)


def _listed(node: Node, name: str, around: _Around) -> Iterator[Part]:
    for item in node.each(name):
        if name == "agreement_transaction_list":
            yield _part("recurring", item.need("transaction_id").reference(), item, around)
        else:
            yield from _parts(item, around)


def _webhook(node: Node) -> Iterator[Part]:
    """The object in a webhook. The webhook's own link says which environment sent it."""
    event, kind, created = node.need("event_type").text(), node.find("resource_type"), node.find("create_time")
    around = _Around(
        event=event,
        type=kind.value.lower() if kind is not None and isinstance(kind.value, str) else "",
        wrapped=True,
        test=from_sandbox(node),
        created=created.value if created is not None else None,
    )
    resource = node.need("resource")
    if not isinstance(resource.value, dict):
        raise resource.malformed("an object")
    yield from _parts(resource, around)


def _transactions(node: Node, around: _Around) -> Iterator[Part]:
    """Transactions of a subscription, or a payment of the first version with its sales, captures and refunds."""
    order_id = node.find("id")
    order = order_id.reference() if order_id is not None else None
    found = False
    for transaction in node.each("transactions"):
        if transaction.find("amount_with_breakdown") is not None:
            found = True
            yield _part("recurring", transaction.need("id").reference(), transaction, around)
            continue
        beside = replace(around, names=(node.value, transaction.value), order=order, beside=True)
        for related in transaction.each("related_resources"):
            found = True
            yield from _parts(related, beside)
    if not found:
        yield _nothing("payment" if order is not None else "list", node)


def _object(node: Node, around: _Around) -> Iterator[Part]:
    kind = _kind_of(node, around)
    if kind is None:
        wrapped = [name for name in _RESOURCES if isinstance(node.value.get(name), dict)]
        if len(node.value) == 1 and wrapped:
            yield from _object(node.need(wrapped[0]), replace(around, type=wrapped[0]))
        elif around.wrapped or _is_known_answer(node):
            yield _nothing("event" if around.wrapped else "object", node)
        else:
            raise Unjudged("reject_malformed", "no object of PayPal: neither its fields nor its links say what it is", node.pointer)
    elif kind == "order":
        yield from _order(node, around)
    elif kind == "dispute":
        yield from _dispute(node, around)
    elif kind == "row":
        yield _row(node, around)
    elif kind == "refund" or (kind in {"capture", "sale"} and _is_taken_back(node, around)):
        yield _refund(node, kind, around)
    elif kind in {"capture", "sale"}:
        yield _part(kind, _identity(node, kind), node, around)
    elif kind == "recurring":
        yield _part(kind, node.need("id").reference(), node, around)
    elif kind == "balance":
        yield Part("balance", "balance", node)
    else:
        yield _nothing(kind, node)


def _part(kind: str, resource: str, node: Node, around: _Around) -> Part:
    return Part(kind, resource, node, around.about())


def _kind_of(node: Node, around: _Around) -> str | None:
    """What an object is: by a field that only one kind has, by its own link, by what the webhook or the caller says."""
    by_field = _kind_by_field(node)
    own = [target.kind for target in targets_of(node) if target.relation == "self"]
    if by_field is not None or own:
        return by_field or own[0]
    if around.type in _TYPES:
        return _TYPES[around.type]
    return next((kind for start, kind in _NAMES.items() if around.name.startswith(start)), None)


def _kind_by_field(node: Node) -> str | None:
    return next((kind for name, kind in _FIELDS.items() if node.find(name) is not None), None)


def _is_known_answer(node: Node) -> bool:
    """Objects that lead to PayPal by their links, or answer a question about webhooks."""
    return (
        bool(targets_of(node))
        or from_sandbox(node)
        or not node.value.keys().isdisjoint({"links", "webhooks", "verification_status", "event_types"})
    )


def _identity(node: Node, kind: str) -> str:
    """The id of an object; refunds of old webhooks have it in their own link only."""
    found = node.find("id")
    if found is None and (own := linked(node, kind, relation="self")) is not None:
        return own
    return (found or node.need("id")).reference()


def _is_taken_back(node: Node, around: _Around) -> bool:
    """Whether a capture or sale stands for the money that went back: its webhook says reversed, or refunded below zero."""
    value = node.at("amount.total") or node.at("amount.value")
    below = value is not None and isinstance(value.value, str) and value.value.startswith("-")
    return around.name.endswith(".REVERSED") or (below and around.name.endswith(".REFUNDED"))


def _refund(node: Node, kind: str, around: _Around) -> Part:
    """A refund or reversal under its payment. One that has the payment's id is called as its link does, else told from it by a word."""
    stated, own = _identity(node, kind), linked(node, "refund", relation="self")
    payment_id = _refunded(node) or around.payment or stated
    own = own if own is not None and stated == payment_id else stated
    about = around.about() | {"own": own if kind == "refund" or own != payment_id else f"{own}:back"}
    return Part("refund", payment_id, node, about)


def _refunded(refund: Node) -> str | None:
    """The capture or sale that a refund belongs to."""
    for path in ("capture_id", "sale_id", "supplementary_data.related_ids.capture_id"):
        found = refund.at(path)
        if found is not None and found.value != "":
            return found.reference()
    return linked(refund, "capture", relation="up") or linked(refund, "sale", "capture")


def _order(order: Node, around: _Around) -> Iterator[Part]:
    """Captures and refunds in the purchase units of an order."""
    order_id = order.need("id").reference()
    found = False
    for unit in order.each("purchase_units"):
        payments = unit.find("payments")
        if payments is None:
            continue
        captures = payments.each("captures")
        only = captures[0].need("id").reference() if len(captures) == 1 else None
        inside = replace(around, names=(order.value, unit.value), order=order_id, payment=only, beside=True)
        for kind, nodes in (("capture", captures), ("refund", payments.each("refunds"))):
            for node in nodes:
                found = True
                yield from _object(node, replace(inside, type=kind))
    if not found:
        stated = order.find("status")
        if (
            stated is not None
            and stated.value == "COMPLETED"
            and all(unit.find("payments") is None for unit in order.each("purchase_units"))
        ):
            fetch = Fetch("order", f"order/{order_id}", "a completed order without its payments")
            raise Unjudged("refetch", "a completed order without its payments: fetch the order", f"{order.pointer}/purchase_units", fetch)
        yield Part("nothing", order_id, order, {"reason": "an order without a capture: no money moved"})


def _dispute(dispute: Node, around: _Around) -> Iterator[Part]:
    """A dispute under each payment it is about; summaries in lists name none."""
    identity = dispute.find("dispute_id") or dispute.need("id")
    dispute_id = identity.reference()
    transactions = dispute.each("disputed_transactions")
    if not transactions:
        fetch = Fetch("dispute", f"dispute/{dispute_id}", "the summary of a dispute names no payment")
        raise Unjudged("refetch", "a dispute without its transaction: fetch the dispute", f"{dispute.pointer}/disputed_transactions", fetch)
    for number, transaction in enumerate(transactions):
        payment_id = transaction.find("seller_transaction_id") or transaction.need("seller_transaction_id")
        about = replace(around, names=(dispute.value, transaction.value)).about()
        yield Part("dispute", payment_id.reference(), dispute, about | {"dispute": dispute_id, "number": number, "of": len(transactions)})


def _row(row: Node, around: _Around) -> Part:
    """A row of the transaction report: refunds and reversals belong to the transaction that they name."""
    info = row.need("transaction_info")
    own, named = info.need("transaction_id"), info.find("paypal_reference_id")
    kind = info.find("paypal_reference_id_type")
    of_transaction = kind is None or kind.value == "TXN"
    code = info.need("transaction_event_code").text()
    belongs = named is not None and named.value != "" and of_transaction and code[:3] in {"T01", "T11", "T12"}
    payment = named if named is not None and belongs else own
    return _part("row", payment.reference(), row, replace(around, names=(info.value,)))
