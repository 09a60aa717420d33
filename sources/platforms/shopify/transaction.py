"""Order transactions: a successful capture or sale is money received; everything else is not, or arrives elsewhere."""

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.gateway_names import gateway_slug
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.dispute import disputes_told
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader, reader_for
from sources.platforms.shopify.needs import order_needed
from sources.platforms.shopify.notes import notes_of
from sources.platforms.shopify.tenders import cash_rounding, gateway_reference, tender_of
from sources.platforms.shopify.times import occurred_at, seen_at

MONEY_KINDS = frozenset({"capture", "sale"})
KINDS_WITHOUT_EFFECT = {
    "authorization": "payment authorised (memo only)",
    "emv_authorization": "payment authorised (memo only)",
    "void": "an authorisation ended, no money moved",
    "refund": "money returned arrives under refunds/create",
    "suggested_refund": "a calculation, nothing has happened",
}
STATUSES_WITHOUT_MONEY = frozenset({"pending", "failure", "error", "awaiting_response", "unknown"})


def read_transaction(transaction: Node, context: Context) -> Reading | Nothing:
    """One PaymentCaptured and the disputes that waited for it, or nothing."""
    found = payment_captured(transaction, context, context.order["currency"] if context.order is not None else None)
    if isinstance(found, Nothing):
        return found
    order_id, notes = identity_of(transaction.need("order_id")), notes_of(context)
    notes.payments[found.body["payment_id"]] = found.body["amount"]
    return Reading(
        order_id=order_id,
        facts=(found, *disputes_told(notes, context)),
        seen_at=seen_at(transaction, context),
        memory=notes.to_json(),
        fetches=order_needed(order_id, context) if found.open is not None else (),
    )


def payment_captured(transaction: Node, context: Context, order_currency: str | None) -> Fact | Nothing:
    """The capture that a transaction is, or why it is none; one in another currency than its order is held."""
    kind = transaction.need("kind").text()
    if kind == "change":
        pointer = f"{transaction.pointer}/kind"
        raise Unjudged("hold_discrepancy", "change given back at a till: net it against its sale by hand", pointer)
    if kind not in MONEY_KINDS and kind not in KINDS_WITHOUT_EFFECT:
        raise Unjudged("reject_malformed", f"{transaction.pointer}/kind is not a kind of transaction", f"{transaction.pointer}/kind")
    if kind not in MONEY_KINDS:
        return Nothing(KINDS_WITHOUT_EFFECT[kind])
    status = transaction.need("status").text()
    if status in STATUSES_WITHOUT_MONEY:
        return Nothing(f"{kind} with status {status}: no money moved")
    if status != "success":
        raise Unjudged("reject_malformed", f"{transaction.pointer}/status is not a status", f"{transaction.pointer}/status")
    money = transaction_money(transaction, context)
    amount = received_amount(transaction, money)
    if amount and order_currency not in {None, money.currency}:
        text = f"the payment is in {money.currency}, its order in {order_currency}"
        raise Unjudged("hold_discrepancy", text, f"{transaction.pointer}/currency")
    return _captured(transaction, context, money, amount) if amount else Nothing(f"{kind} of nothing")


def transaction_money(transaction: Node, context: Context) -> MoneyReader:
    """The currency of a transaction: its own, else the connection's."""
    return reader_for(transaction.find("currency") or context.connection.default_currency, f"{transaction.pointer}/currency")


def received_amount(transaction: Node, money: MoneyReader) -> int:
    """What really changed hands: the amount with its cash rounding, never negative."""
    amount = money.exact(transaction.need("amount")) + cash_rounding(transaction, money)
    if amount < 0:
        raise Unjudged("reject_malformed", f"{transaction.pointer}/amount is negative", f"{transaction.pointer}/amount")
    return amount


def _captured(transaction: Node, context: Context, money: MoneyReader, amount: int) -> Fact:
    payment_id = identity_of(transaction.need("id"))
    test = transaction.find("test")
    location, parent = transaction.find("location_id"), transaction.find("parent_id")
    return Fact(
        type="PaymentCaptured",
        business_key=f"capture:{payment_id}",
        body=money.fields()
        | {
            "payment_id": payment_id,
            "parent_payment_id": identity_of(parent) if parent else None,
            "tender": tender_of(transaction),
            "gateway": gateway_slug(transaction.find("gateway")),
            "gateway_reference": gateway_reference(transaction),
            "amount": amount,
            "store": context.connection.location_name(identity_of(location) if location else None),
        },
        occurred_at=occurred_at(transaction, context),
        test_mode=test.flag() if test is not None else None,
        open=None if test is not None else {},
    )
