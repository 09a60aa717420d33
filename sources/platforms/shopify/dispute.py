"""Disputes: a chargeback takes its funds when it opens; won, they come back. An inquiry takes nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Reading
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import reader_for
from sources.platforms.shopify.needs import order_needed
from sources.platforms.shopify.notes import OrderNotes, notes_of

GATEWAY: Final = "shopify_payments"
"""Disputes are told of Shopify Payments only."""
_OPEN: Final = frozenset({"needs_response", "under_review"})
_CLOSED: Final = {"won": "WON", "lost": "LOST", "accepted": "LOST"}
_WITHOUT_FUNDS: Final = frozenset({"prevented"})


def read_dispute(dispute: Node, context: Context) -> Reading | Nothing:
    """ChargebackOpened, and ChargebackClosed once it is decided; both are proved by a decided dispute.

    A dispute names its order and no payment: it waits for a captured payment of that order that is large enough. Without a memory, or
    without an order, it stands for its payment itself.
    """
    kind, status = dispute.need("type").text(), dispute.need("status").text()
    if kind not in {"chargeback", "inquiry"}:
        raise Unjudged("reject_malformed", f"{dispute.pointer}/type is not a type of dispute", f"{dispute.pointer}/type")
    if kind == "inquiry":
        return Nothing("an inquiry: no funds were withdrawn")
    if status in _WITHOUT_FUNDS:
        return Nothing(f"a dispute that was {status}: no funds were withdrawn")
    if status not in _OPEN and status not in _CLOSED:
        raise Unjudged("hold_discrepancy", f"{dispute.pointer}/status is not known of a chargeback", f"{dispute.pointer}/status")
    dispute_id, order = identity_of(dispute.need("id")), dispute.find("order_id")
    notes = notes_of(context)
    alone = {"alone": True} if order is None else {}
    notes.disputes[dispute_id] = _figures(dispute, status, context) | alone | _known(notes, dispute_id)
    facts = tuple(disputes_told(notes, context))
    return Reading(
        order_id=identity_of(order) if order is not None else f"dispute:{dispute_id}",
        facts=facts,
        seen_at=max(fact.occurred_at for fact in facts) if facts else None,
        notices=() if facts else ("the dispute waits for a captured payment of its order of at least its amount",),
        memory=notes.to_json(),
        fetches=order_needed(identity_of(order), context) if order is not None else (),
    )


def disputes_told(notes: OrderNotes, context: Context) -> Iterator[Fact]:
    """The facts of all disputes whose payment is known; a payment that was found stays the one."""
    for dispute_id, figures in sorted(notes.disputes.items()):
        itself = dispute_id if figures.get("alone") or not context.remembers else None
        payment_id = figures.get("payment_id") or _payment_of(notes, figures["amount"]) or itself
        if payment_id is not None:
            notes.disputes[dispute_id] = figures | {"payment_id": payment_id}
            yield from _facts(dispute_id, payment_id, figures)


def _figures(dispute: Node, status: str, context: Context) -> dict[str, Any]:
    pointer = f"{dispute.pointer}/currency"
    money = reader_for(dispute.find("currency") or context.connection.default_currency, pointer)
    amount = money.exact(dispute.need("amount"))
    if amount < 0:
        raise Unjudged("reject_malformed", f"{dispute.pointer}/amount is negative", f"{dispute.pointer}/amount")
    opened = dispute.need("initiated_at").time(context.zone)
    closed = next((found for name in ("finalized_on", "evidence_sent_on") if (found := dispute.find(name)) is not None), None)
    outcome = _CLOSED.get(status)
    return {
        "amount": amount,
        **money.fields(),
        "opened_at": opened.isoformat(),
        "outcome": outcome,
        "closed_at": max(closed.time(context.zone) if closed else opened, opened).isoformat() if outcome else None,
    }


def _known(notes: OrderNotes, dispute_id: str) -> dict[str, Any]:
    """What an earlier payload of the dispute said and a late one does not take back."""
    known = notes.disputes.get(dispute_id, {})
    names = ("payment_id", "outcome", "closed_at") if known.get("outcome") else ("payment_id",)
    return {name: known[name] for name in names if known.get(name)}


def _payment_of(notes: OrderNotes, amount: int) -> str | None:
    """The payment of exactly this amount, else one of more; of several the oldest."""
    enough = [(paid != amount, int(payment_id)) for payment_id, paid in notes.payments.items() if paid >= amount]
    return str(min(enough)[1]) if enough else None


def _facts(dispute_id: str, payment_id: str, figures: dict[str, Any]) -> Iterator[Fact]:
    money = {name: figures[name] for name in ("currency", "currency_exponent")}
    waits: dict[str, Any] | None = None if figures.get("alone") else {}
    opened = money | {"dispute_id": dispute_id, "payment_id": payment_id, "gateway": GATEWAY, "amount": figures["amount"], "fee": 0}
    yield Fact(
        type="ChargebackOpened",
        business_key=f"dispute:{dispute_id}",
        body=opened,
        occurred_at=datetime.fromisoformat(figures["opened_at"]),
        test_mode=None,
        open=waits,
    )
    if figures["outcome"] is not None:
        won = figures["amount"] if figures["outcome"] == "WON" else 0
        yield Fact(
            type="ChargebackClosed",
            business_key=f"dispute:{dispute_id}:closed",
            body=money | {"dispute_id": dispute_id, "outcome": figures["outcome"], "amount_won": won, "fee_returned": 0},
            occurred_at=datetime.fromisoformat(figures["closed_at"]),
            test_mode=None,
            open=waits,
        )
