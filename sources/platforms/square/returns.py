"""A Square order that returns items of another one. The money comes in refunds that name this order; here stands what it is for."""

from collections.abc import Iterator
from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Owner, Part, Reading
from sources.platforms.minor_units import decimal_text
from sources.platforms.moments import micros
from sources.platforms.order_drafts import Currency, quantity_of
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.payment_facts import Payment
from sources.platforms.square.money import MoneyReader, currency_of
from sources.platforms.square.order_lines import TIP_LINE
from sources.platforms.square.refund import REFUNDS, RETURN, refund_fact
from sources.platforms.square.tenders import GATEWAY, payment_of

_GIVEN_BACK: Final = frozenset({"APPROVED", "COMPLETED"})


def read_return(part: Part, context: Context) -> Reading | Nothing:
    """What a return holds is remembered for its refunds; without a memory the refunds inside the order tell it."""
    order: Node = part.node
    returns = order.each("returns")
    if order.each("line_items") or len(returns) > 1:
        message = "an exchange, or returns of several orders in one: the money moves between orders and is to be booked by hand"
        raise Unjudged("hold_discrepancy", f"{order.pointer}/returns: {message}", f"{order.pointer}/returns")
    returned = _returned(order, returns[0])
    if returned["of"] is None:
        return Nothing("a return that names no order of its own: its refunds stay without lines")
    if not context.connection.tells("refunds"):
        return Nothing("refunds of this source are not told")
    memory = {**context.snapshot.memory, RETURN: returned}
    facts = [refund_fact(known, returned)[0] for known in context.snapshot.memory.get(REFUNDS, {}).values()]
    if not context.remembers:
        facts = list(_blind(order, context, returned))
    fetches = (
        tuple(
            Fetch("refunds", f"refunds/{refund.need('id').reference()}", "the return names this refund")
            for refund in order.each("refunds")
            if f"refund:{refund.need('id').reference()}" not in context.snapshot.told
        )
        if context.remembers and not facts
        else ()
    )
    return Reading(facts=tuple(facts), owner=Owner(context.source, returned["of"]), memory=memory, fetches=fetches)


def blind_refunds(order: Node, context: Context) -> list[Fact]:
    """Refunds inside a sale. With a memory they come as refunds, which may name another order: they are told once, there."""
    return [] if context.remembers or not context.connection.tells("refunds") else list(_blind(order, context, None))


def _blind(order: Node, context: Context, returned: dict[str, Json] | None) -> Iterator[Fact]:
    for refund in order.each("refunds"):
        status = refund.find("status")
        if status is not None and status.text() not in _GIVEN_BACK:
            continue
        money = refund.need("amount_money")
        currency, created_at = currency_of(money), (refund.find("created_at") or order.need("created_at")).time(context.zone)
        amount, paid = MoneyReader(currency).positive(refund, "amount_money"), _payment_of(order, refund, context, currency)
        known = {
            "refund_id": refund.need("id").reference(),
            "payment_id": paid.payment_id,
            "tender": paid.tender,
            "gateway": paid.gateway,
            "currency": currency.currency,
            "amount": amount,
            "status": "SUCCEEDED",
            "at": created_at.isoformat(),
            "version": micros(created_at),
        }
        if amount:
            yield refund_fact(known, returned)[0]


def _payment_of(order: Node, refund: Node, context: Context, currency: Currency) -> Payment:
    """A refund names the tender that it goes back to: the payment is that of the tender, where the order holds it."""
    tender_id = refund.need("tender_id").reference()
    for tender in order.each("tenders"):
        if tender.need("id").reference() == tender_id:
            return payment_of((tender.find("payment_id") or tender.need("id")).reference(), tender.find("type"), tender, context, currency)
    return Payment(payment_id=tender_id, gateway=GATEWAY, currency=currency, tender="CARD")


def _returned(order: Node, back: Node) -> dict[str, Json]:
    """{of, total, currency, lines, adjustments}: the returned units and charges, by the ids of the sale's lines."""
    source, amounts = back.find("source_order_id"), order.find("return_amounts") or back.need("return_amounts")
    total = amounts.need("total_money")
    money = MoneyReader(currency_of(total))
    return {
        "of": source.reference() if source is not None else None,
        "total": abs(money.exact(total)),
        "currency": money.currency.currency,
        "lines": [_line(item) for item in back.each("return_line_items") if _names_a_line(item)],
        "adjustments": list(_charges(order, back, money)),
    }


def _names_a_line(item: Node) -> bool:
    return item.find("source_line_item_uid") is not None and item.need("quantity").decimal() > 0


def _line(item: Node) -> dict[str, Json]:
    quantity = quantity_of(item.need("quantity"))
    return {"line_id": item.need("source_line_item_uid").reference(), "quantity": decimal_text(quantity), "scope": "SHIPPED"}


def _charges(order: Node, back: Node, money: MoneyReader) -> Iterator[dict[str, Json]]:
    """Service charges and tips given back; their taxes are left to the accounting, which knows whose they were."""
    for service in back.each("return_service_charges"):
        uid, amount = service.find("source_service_charge_uid"), abs(money.of(service, "applied_money"))
        if uid is not None and amount:
            yield {"kind": "CHARGE", "line_id": f"service:{uid.reference()}", "amount": amount, "taxes": []}
    amounts = order.find("return_amounts") or back.need("return_amounts")
    tip = abs(money.of(amounts, "tip_money"))
    if tip:
        yield {"kind": "CHARGE", "line_id": TIP_LINE, "amount": tip, "taxes": []}
