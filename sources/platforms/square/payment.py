"""A Square payment: money received once it is COMPLETED, tip included; its fees, which come later than itself."""

from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Owner, Part, Reading
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.payment_facts import Payment, Refund, captured, fee_facts, refunded
from sources.platforms.square.money import MoneyReader, reader_for
from sources.platforms.square.tenders import payment_of

_WITHOUT_MONEY: Final = {
    "APPROVED": "payment authorised (memo only)",
    "PENDING": "payment pending: no money yet",
    "CANCELED": "payment cancelled: no money moved",
    "FAILED": "payment failed: no money moved",
}


def read_payment(part: Part, context: Context) -> Reading | Nothing:
    """PaymentCaptured and its fees, or nothing."""
    payment: Node = part.node
    money = reader_for(payment, "total_money" if payment.find("total_money") is not None else "amount_money")
    total = _total(payment, money)
    status = payment.need("status").text()
    if status in _WITHOUT_MONEY:
        return Nothing(_WITHOUT_MONEY[status])
    if status != "COMPLETED":
        raise Unjudged("reject_malformed", f"{payment.pointer}/status is not a status", f"{payment.pointer}/status")
    paid = payment_of(payment.need("id").reference(), payment.find("source_type"), payment, context, money.currency)
    created_at = payment.need("created_at").time(context.zone)
    facts = [captured(paid, total, created_at)] if total and context.connection.tells("captures") else []
    if context.connection.tells("fees"):
        facts += _fees(payment, paid, money, context)
    refunds, fetches, notices = _refunded(payment, paid, money, context)
    updated = payment.find("updated_at")
    return Reading(
        facts=(*facts, *refunds),
        owner=owner_of(payment, context),
        seen_at=updated.time(context.zone) if updated is not None else None,
        notices=(*_cash(payment, money, total), *notices),
        fetches=fetches,
    )


def read_link(part: Part, context: Context) -> Reading | Nothing:
    """Which order a payment pays: disputes name the payment only."""
    if context.connection.orders_of is None:
        return Reading(owner=Owner(context.source, part.about["order_id"]))
    owner = owner_of(part.node, context)
    return Reading(owner=owner) if owner is not None else Nothing("the payment names no order of another source")


def owner_of(payment: Node, context: Context) -> Owner | None:
    """The order at Square; of another source the one whose id the merchant put into the payment."""
    connection = context.connection
    if connection.orders_of is None and not connection.order_reference:
        order = payment.find("order_id")
        return Owner(context.source, order.reference()) if order is not None else None
    for path in connection.order_reference or ("reference_id",):
        if (stated := payment.at(path)) is not None:
            return Owner(connection.orders_of or context.source, stated.reference())
    return None


def _total(payment: Node, money: MoneyReader) -> int:
    """What was paid; amount and tip must give it."""
    amount, tip = money.positive(payment, "amount_money"), money.of(payment, "tip_money")
    total = money.find(payment, "total_money")
    if total is not None and total != amount + tip:
        pointer = f"{payment.pointer}/total_money"
        raise Unjudged("hold_discrepancy", difference_text("payment total", total, amount + tip, money.currency), pointer)
    return amount + tip


def _fees(payment: Node, paid: Payment, money: MoneyReader, context: Context) -> list[Fact]:
    """The first processing fee under the payment's id, its adjustments under numbers, the application's fee beside them."""
    created_at, adjustments = payment.need("created_at").time(context.zone), 0
    facts: list[Fact] = []
    for fee in payment.each("processing_fee"):
        amount, kind, effective = money.need(fee, "amount_money"), fee.find("type"), fee.find("effective_at")
        at, fee_id = created_at, paid.payment_id
        if kind is not None and kind.value == "ADJUSTMENT":
            adjustments += 1
            fee_id = f"{paid.payment_id}:adjustment:{adjustments}"
            at = effective.time(context.zone) if effective is not None else created_at
        facts += fee_facts(paid, fee_id, "processing", amount, at)
    return facts + fee_facts(paid, f"{paid.payment_id}:application", "application", money.of(payment, "app_fee_money"), created_at)


def _refunded(
    payment: Node, paid: Payment, money: MoneyReader, context: Context
) -> tuple[tuple[Fact, ...], tuple[Fetch, ...], tuple[str, ...]]:
    """(refunds, what to fetch, notices) of a payment that states what was refunded of it in all.

    With a memory the refunds themselves tell it; without one nothing else may come, so the sum is told, as the one refund that is named.
    """
    total = money.of(payment, "refunded_money")
    if total <= 0 or not context.connection.tells("refunds"):
        return (), (), ()
    named = [each.reference() for each in payment.each("refund_ids")]
    if context.remembers:
        reason = "the payment states the sum of its refunds only"
        fetches = tuple(Fetch("refunds", f"refunds/{refund_id}", reason) for refund_id in named)
        return (), fetches, (f"refunded {money.currency.text(total)} in all: told with the refunds themselves",)
    updated = payment.find("updated_at") or payment.need("created_at")
    refund_id = named[0] if len(named) == 1 else f"{paid.payment_id}:{total}"
    told = refunded(paid, Refund(refund_id=refund_id, amount=total, status="SUCCEEDED", occurred_at=updated.time(context.zone)))
    return (told,), (), ("only the sum of the refunds is stated: told as one refund",)


def _cash(payment: Node, money: MoneyReader, total: int) -> tuple[str, ...]:
    """Cash handed over less change is what stays in the till."""
    details = payment.find("cash_details")
    supplied = money.find(details, "buyer_supplied_money") if details is not None else None
    if details is None or supplied is None:
        return ()
    kept = supplied - money.of(details, "change_back_money")
    return (difference_text("cash kept", total, kept, money.currency),) if kept != total else ()
