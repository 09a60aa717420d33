"""Payments: each transaction that succeeded is a fact of its own, under the transaction's id."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from asiento.accounting.order_events import TenderStatus
from schemas.card_numbers import holds_card_number
from sources.platforms.commercetools.fields import cents, moment, money_of
from sources.platforms.context import Context
from sources.platforms.facts import Fact, Owner, Reading
from sources.platforms.gateway_names import gateway_slug, tender_named
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import PaidBy, captured, paid_back

_REFUND_STATUS: Final[Mapping[str, TenderStatus]] = {"Success": "SUCCEEDED", "Pending": "PENDING", "Failure": "FAILED"}
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._#-]{2,79}")
_TYPES = frozenset({"Authorization", "CancelAuthorization", "Charge", "Refund", "Chargeback"})
_STATES = frozenset({"Initial", "Pending", "Success", "Failure"})


def read_payment(payment: Node, context: Context, order_id: str | None) -> Reading:
    """Captures, refunds and chargebacks of one payment; the order is that of the object around it, or where the connection says."""
    paid_by = _paid_by(payment)
    charges = [each.need("id").reference() for each in payment.each("transactions") if _is(each, "Charge", "Success")]
    facts = tuple(_facts(payment, context, paid_by, charges))
    notices = () if facts else ("no transaction that moved money",)
    version = payment.find("version")
    reference = None if order_id is not None else _order_reference(payment, context)
    return Reading(
        facts=facts,
        order_id=order_id,
        owner=Owner(context.connection.orders_of or context.source, reference) if reference is not None else None,
        version=version.count() if version is not None else None,
        notices=notices,
    )


def _facts(payment: Node, context: Context, paid_by: PaidBy, charges: list[str]) -> Iterator[Fact]:
    connection, payment_id = context.connection, payment.need("id").reference()
    for transaction in payment.each("transactions"):
        kind, state = transaction.need("type").text(), transaction.need("state").text()
        if kind not in _TYPES or state not in _STATES:
            raise Unjudged("reject_malformed", f"{transaction.pointer}: no type or state of a transaction", transaction.pointer)
        stated = transaction.need("amount")
        money = money_of(stated)
        amount, transaction_id = cents(stated, money), transaction.need("id").reference()
        if amount < 0:
            raise Unjudged("reject_malformed", f"{stated.pointer}/centAmount is negative", f"{stated.pointer}/centAmount")
        if not amount or state == "Initial":
            continue
        at = moment(
            transaction if transaction.find("timestamp") is not None else payment, context, "timestamp", "lastModifiedAt", "createdAt"
        )
        charge = charges[0] if len(charges) == 1 else None
        if kind == "Charge" and state == "Success" and connection.tells("captures"):
            fact = captured(transaction_id, amount, money, paid_by, at)
            fact.body["parent_payment_id"] = payment_id
            yield fact
        elif kind == "Refund" and connection.tells("refunds"):
            told = f"refund:{transaction_id}" in context.snapshot.told
            if state != "Failure" or told:
                yield paid_back(transaction_id, amount, money, paid_by, at, payment_id=charge, status=_REFUND_STATUS[state])
        elif kind == "Chargeback" and state == "Success" and connection.tells("disputes"):
            body: EventTwin = money.fields | {
                "dispute_id": transaction_id,
                "payment_id": charge or payment_id,
                "gateway": paid_by.gateway,
                "amount": amount,
                "fee": 0,
            }
            yield Fact(type="ChargebackOpened", business_key=f"chargeback:{transaction_id}", body=body, occurred_at=at, test_mode=None)


def _is(transaction: Node, kind: str, state: str) -> bool:
    return (transaction.need("type").value, transaction.need("state").value) == (kind, state)


def _paid_by(payment: Node) -> PaidBy:
    info = payment.find("paymentMethodInfo")
    interface, method = (info.find("paymentInterface"), info.find("method")) if info is not None else (None, None)
    interface = interface if interface is not None and isinstance(interface.value, str) else None
    method = method if method is not None and isinstance(method.value, str) else None
    tender = tender_named(method)
    found = payment.find("interfaceId")
    reference = found.value if found is not None and isinstance(found.value, str) else None
    if reference is not None and (not _REFERENCE.fullmatch(reference) or holds_card_number(reference)):
        reference = None
    gateway = gateway_slug(interface or method)
    return PaidBy(tender=tender if tender != "OTHER" else tender_named(interface), gateway=gateway, reference=reference)


def _order_reference(payment: Node, context: Context) -> str | None:
    for path in context.connection.order_reference:
        found = payment.at(path)
        if found is not None:
            return found.reference()
    return None
