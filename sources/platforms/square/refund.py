"""A Square refund. It names the order that it belongs to: the sale itself, or more often an order of its own that holds the return."""

from datetime import datetime
from typing import Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Fetch, Json, Owner, Part, Reading
from sources.platforms.minor_units import exponent_of
from sources.platforms.moments import micros
from sources.platforms.order_drafts import Currency
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.payment_facts import Payment, Refund, fee_facts, refunded
from sources.platforms.square.money import MoneyReader, reader_for
from sources.platforms.square.tenders import payment_of

RETURN: Final = "return"
REFUNDS: Final = "refunds"
REFUSED: Final = "refused"
"""Keys of the memory under an order's id: what it returns, refunds that came before it, refunds that failed."""
_LINES_KNOWN: Final = 10**17
"""Added to the version of a refund whose lines are known: it is newer than any that does not know them."""
_WITHOUT_MONEY: Final = frozenset({"PENDING", "REJECTED", "FAILED"})


def read_refund(part: Part, context: Context) -> Reading | Nothing:
    """RefundIssued and the fees given back with it, once it is COMPLETED."""
    refund: Node = part.node
    money = reader_for(refund, "amount_money")
    refund_id, status = refund.need("id").reference(), refund.need("status").text()
    amount = money.positive(refund, "amount_money")
    if status in _WITHOUT_MONEY:
        return _without_money(refund, refund_id, status, context)
    if status != "COMPLETED":
        raise Unjudged("reject_malformed", f"{refund.pointer}/status is not a status", f"{refund.pointer}/status")
    if not amount:
        return Nothing("a refund of nothing")
    known = _known(refund, refund_id, money, context)
    return _told(part, context, known, _fees(refund, known, money, context))


def _without_money(refund: Node, refund_id: str, status: str, context: Context) -> Reading | Nothing:
    """Pending: nothing yet. Refused: nothing, unless it was told before, as a transfer that came back; then it has failed."""
    if status == "PENDING":
        return Nothing("refund pending: no cash movement yet")
    known = _known(refund, refund_id, reader_for(refund, "amount_money"), context)
    memory = {**context.snapshot.memory, REFUSED: {**context.snapshot.memory.get(REFUSED, {}), refund_id: known["version"]}}
    if f"refund:{refund_id}" not in context.snapshot.told:
        return Reading(notices=("the refund was refused or has failed: no money moved",), memory=memory)
    fact, _ = refund_fact(known | {"status": "FAILED"}, context.snapshot.memory.get(RETURN))
    return Reading(facts=(fact,), memory=memory)


def _known(refund: Node, refund_id: str, money: MoneyReader, context: Context) -> dict[str, Json]:
    """The refund as canonical data, small enough to remember."""
    payment_id = (refund.find("payment_id") or refund.need("tender_id")).reference()
    payment = payment_of(payment_id, refund.find("destination_type"), refund, context, money.currency)
    created_at = refund.need("created_at").time(context.zone)
    updated = refund.find("updated_at")
    return {
        "refund_id": refund_id,
        "payment_id": payment_id,
        "tender": payment.tender,
        "gateway": payment.gateway,
        "currency": money.currency.currency,
        "amount": money.positive(refund, "amount_money"),
        "status": "SUCCEEDED",
        "at": created_at.isoformat(),
        "version": micros(updated.time(context.zone) if updated is not None else created_at),
    }


def _fees(refund: Node, known: dict[str, Json], money: MoneyReader, context: Context) -> list[Fact]:
    """Processing fees of a refund are below zero: given back. So is what the application adds to it."""
    if not context.connection.tells("fees"):
        return []
    payment, refund_id, at = _payment(known), known["refund_id"], refund.need("created_at").time(context.zone)
    total = sum(money.need(fee, "amount_money") for fee in refund.each("processing_fee"))
    return [
        *fee_facts(payment, refund_id, "refund", total, at),
        *fee_facts(payment, f"{refund_id}:application", "application", -money.of(refund, "app_fee_money"), at),
    ]


def _told(part: Part, context: Context, known: dict[str, Json], fees: list[Fact]) -> Reading:
    memory, returned = context.snapshot.memory, context.snapshot.memory.get(RETURN)
    fact, owner = refund_fact(known, returned)
    refused = memory.get(REFUSED, {}).get(known["refund_id"])
    after = [refund_fact(known | {"status": "FAILED", "version": refused}, returned)[0]] if refused is not None else []
    facts = (*([fact, *after] if context.connection.tells("refunds") else []), *fees)
    seen_at = datetime.fromisoformat(known["at"])
    if context.connection.orders_of is not None:
        return Reading(facts=facts, seen_at=seen_at)
    if owner is not None:
        return Reading(facts=facts, owner=Owner(context.source, owner), seen_at=seen_at)
    if context.snapshot.order is not None or not context.remembers:
        return Reading(facts=facts, order_id=part.resource, seen_at=seen_at)
    return Reading(
        facts=facts,
        seen_at=seen_at,
        memory={**memory, REFUNDS: {**memory.get(REFUNDS, {}), known["refund_id"]: known}},
        fetches=(Fetch("orders", f"orders/{part.resource}", "a refund names this order: is it the sale or a return?"),),
    )


def refund_fact(known: dict[str, Json], returned: dict[str, Json] | None) -> tuple[Fact, str | None]:
    """(the fact, the order that it is about or None); lines only where the return is worth just this refund."""
    lined = returned is not None and returned["total"] == known["amount"] and returned["currency"] == known["currency"]
    refund = Refund(
        refund_id=known["refund_id"],
        amount=known["amount"],
        status=known["status"],
        occurred_at=datetime.fromisoformat(known["at"]),
        version=known["version"] + (_LINES_KNOWN if returned is not None else 0),
        lines=returned["lines"] if returned is not None and lined else (),
        adjustments=returned["adjustments"] if returned is not None and lined else (),
    )
    return refunded(_payment(known), refund), returned["of"] if returned is not None else None


def _payment(known: dict[str, Json]) -> Payment:
    return Payment(
        payment_id=known["payment_id"],
        gateway=known["gateway"],
        currency=Currency(known["currency"], exponent_of(known["currency"], "")),
        tender=known["tender"],
        reference=known["payment_id"],
    )
