"""Orders of the Orders API and merchant orders: what their payments and refunds prove. Orders of goods are told by the shop."""

import re
from datetime import datetime
from typing import Any, Final

from sources.platforms.context import Context
from sources.platforms.facts import Fetch, Reading
from sources.platforms.figures import differences
from sources.platforms.mercado_pago.fields import CURRENCIES, amount_at, found_amount, moment_of, object_at, word_at
from sources.platforms.mercado_pago.payment import CREATED, UPDATED, Payment, refund_status, tender_named
from sources.platforms.minor_units import decimal_text, exponent_of, to_minor_units
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money, money_called

CAME: Final = frozenset({"processed", "refunded", "partially_refunded", "charged_back"})
"""Statuses of payments and orders whose money came."""
_RESERVED: Final = frozenset({"waiting_capture", "authorized"})
_OTHERS: Final = frozenset(
    {"created", "processing", "action_required", "at_terminal", "in_review", "pending"}
    | {"canceled", "cancelled", "failed", "expired", "rejected"}
)
_PAYMENT_ID: Final = re.compile(r"[1-9][0-9]{9,14}")
_DISTINCT: Final = (
    "id",
    "live_mode",
    "metadata",
    "external_reference",
    "currency",
    "currency_id",
    "country_code",
    "site_id",
    *CREATED,
    *UPDATED,
)


def surroundings(order: Node) -> dict[str, Any]:
    """Of an order what its payments need: whose they are, currency, times."""
    return {name: found.value for name in _DISTINCT if (found := order.find(name)) is not None} | {"order": {"id": order.need("id").value}}


def id_beside(node: Node) -> str | None:
    """The id that a payment or refund of an order has in the API of payments; None where the reference is something else."""
    reference = object_at(node, "reference")
    stated = node.find("reference_id") or (reference.find("id") if reference is not None else None)
    identity = str(stated.value) if stated is not None and isinstance(stated.value, str | int) else ""
    return identity if _PAYMENT_ID.fullmatch(identity) else None


def order_of(around: Node, payment: Payment, reason: str) -> Fetch:
    """The order itself."""
    identity = around.at("order.id")
    return Fetch("order", f"order/{identity.reference() if identity is not None else payment.payment_id}", reason)


def read_transaction(node: Node, payment: Payment, around: Node, *, refunds_beside: bool) -> datetime:
    """A payment of an order; with its tip, which the amount is without."""
    payment.learn(node, around)
    status, detail = word_at(node, "status"), word_at(node, "status_detail")
    at = moment_of(node, ("date_approved", *CREATED), payment.context, payment.notices, (around,))
    if status not in CAME | _OTHERS:
        raise node.need("status").malformed("a status of a payment")
    method = object_at(node, "payment_method")
    if method is not None:
        payment.paid_by(tender_named(word_at(method, "type")))
    if status not in CAME or detail in _RESERVED:
        payment.notices.append("a payment of the order is not processed: no money came")
        return at
    money = payment.money_of(node, around)
    amount = amount_at(node, "amount", money) + (found_amount(node, "tip_amount", money) or 0)
    paid = found_amount(node, "paid_amount", money)
    if paid and paid > amount:
        payment.notices.extend(differences({"paid_amount": (paid, amount)}, money))
    came = min(amount, paid) if paid else amount
    payment.captured = max(payment.captured, came)
    payment.capture(money, at)
    if not refunds_beside:
        refunded = found_amount(node, "refunded_amount", money) or (came if status == "refunded" else 0)
        payment.tell_sum(refunded, money, at, order_of(around, payment, "the order states the sum of its refunds only"))
    if status == "charged_back":
        payment.notices.append("a payment of the order was charged back: its chargeback tells the money")
    return at


def read_order_refund(node: Node, payment: Payment, around: Node) -> datetime:
    """A refund of an order, whose payment may not stand beside it."""
    payment.learn(node, around)
    at = moment_of(node, CREATED, payment.context, payment.notices, (around,))
    if not payment.awaits(order_of(around, payment, "a refund of a payment that is not known")):
        refund_id = id_beside(node) or node.need("id").reference()
        payment.note_refund(refund_id, node, payment.money_of(node, around), at)
    return at


def check_refunds(payment: Node, refunds: list[Node]) -> None:
    """The refunds of a payment that stand beside it must be the sum that it states; raises `Unjudged`."""
    stated = payment.find("refunded_amount")
    if stated is None or not refunds:
        return
    amounts = [(refund_status(each), each.need("amount").decimal()) for each in refunds]
    made = sum((amount for status, amount in amounts if status == "SUCCEEDED"), 0 * stated.decimal())
    open_too = made + sum(amount for status, amount in amounts if status == "PENDING")
    if stated.decimal() not in (made, open_too):
        figures = [decimal_text(amount) for amount in (stated.decimal(), made, stated.decimal() - made)]
        message = f"{stated.pointer}: stated {figures[0]}, computed {figures[1]}, difference {figures[2]}"
        raise Unjudged("hold_discrepancy", message, stated.pointer)


def read_merchant_order(order: Node, context: Context) -> Reading | Nothing:
    """What a merchant order says of itself; its payments are read one by one."""
    money = _money_of_merchant_order(order, context)
    notices = [] if order.each("payments") else ["a merchant order without payments: nothing is paid"]
    if money is not None:
        notices += differences(_figures(order, money), money)
    return Reading(notices=(*notices, "a merchant order: its payments tell the money"))


def _money_of_merchant_order(order: Node, context: Context) -> Money | None:
    for node in (*order.each("payments"), *order.each("items"), order):
        if isinstance(node.value, dict) and (code := node.find("currency_id")) is not None:
            return money_called(code, {})
    known = CURRENCIES.get(word_at(order, "site_id").upper()) or context.connection.default_currency
    return Money(known, exponent_of(known, "/currency_id"), 0) if known is not None else None


def _figures(order: Node, money: Money) -> dict[str, tuple[int | None, int]]:
    """Stated and computed: the goods, what was paid of approved payments, what was refunded."""
    goods = sum(
        to_minor_units(item.need("unit_price").decimal() * item.need("quantity").count(), money.exponent, item.pointer)
        for item in order.each("items")
    )
    payments = [each for each in order.each("payments") if word_at(each, "status") in {"approved", "in_mediation", "refunded"}]
    paid = sum(amount_at(each, "transaction_amount", money) for each in payments)
    refunded = sum(found_amount(each, "amount_refunded", money) or 0 for each in order.each("payments"))
    return {
        "order": (found_amount(order, "total_amount", money), goods),
        "paid_amount": (found_amount(order, "paid_amount", money), paid),
        "refunded_amount": (found_amount(order, "refunded_amount", money), refunded),
    }
