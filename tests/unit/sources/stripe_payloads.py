"""Stripe payloads written for tests: whole numbers of minor units, ids that say what they are."""

import json
from typing import Any

from sources.platforms.connection import DEFAULT_CONNECTION, Connection
from sources.platforms.context import Context
from sources.platforms.door import Judged, normalize
from sources.platforms.outcome import EventTwin, Nothing, Problem
from sources.platforms.snapshot import EMPTY
from sources.platforms.stripe.adapter import ADAPTER
from tests.unit.sources.deliveries import Delivery

Json = dict[str, Any]
AT = 1_772_366_400
"""2026-03-01T12:00:00Z."""


def row(identity: str, amount: int, fee: int = 0, source: Any = "ch_1", **fields: Any) -> Json:
    """A balance transaction of a payment."""
    stated: Json = {"object": "balance_transaction", "id": identity, "amount": amount, "fee": fee, "net": amount - fee, "source": source}
    stated |= {"currency": "eur", "created": AT + 1, "type": "charge", "reporting_category": "charge", "exchange_rate": None}
    return stated | {"fee_details": [detail(fee)] if fee else []} | fields


def detail(amount: int, kind: str = "stripe_fee", currency: str = "eur") -> Json:
    """One line of what was withheld."""
    return {"amount": amount, "application": None, "currency": currency, "description": "Stripe processing fees", "type": kind}


def charge(amount: int = 10_000, identity: str = "ch_1", **fields: Any) -> Json:
    """A card charge that was captured whole."""
    stated: Json = {"object": "charge", "id": identity, "amount": amount, "amount_captured": amount, "amount_refunded": 0}
    stated |= {"currency": "eur", "created": AT, "livemode": True, "captured": True, "paid": True, "status": "succeeded"}
    stated |= {"metadata": {"order_id": "1001"}, "balance_transaction": "txn_1", "payment_intent": "pi_1"}
    stated |= {"payment_method_details": {"type": "card", "card": {"last4": "4242", "brand": "visa"}}}
    stated |= {"billing_details": {"name": "Ana Prueba", "email": "ana@example.com"}, "receipt_email": "ana@example.com"}
    return stated | fields


def refund(amount: int, identity: str = "re_1", **fields: Any) -> Json:
    """A refund whose money is away."""
    stated: Json = {"object": "refund", "id": identity, "amount": amount, "charge": "ch_1", "currency": "eur", "created": AT + 100}
    return stated | {"status": "succeeded", "balance_transaction": f"txn_{identity}", "metadata": {}} | fields


def dispute(status: str, *rows: Json, **fields: Any) -> Json:
    """A dispute about the whole charge."""
    stated: Json = {"object": "dispute", "id": "dp_1", "amount": 10_000, "charge": "ch_1", "currency": "eur", "created": AT + 200}
    return stated | {"livemode": True, "status": status, "balance_transactions": list(rows), "evidence": {"customer_name": "Ana"}} | fields


def withdrawn(identity: str = "txn_d1", amount: int = 10_000, fee: int = 2_000, at: int = 200) -> Json:
    """Money taken for a dispute."""
    return row(identity, -amount, fee, "dp_1", type="adjustment", reporting_category="dispute", created=AT + at)


def reinstated(identity: str = "txn_d2", amount: int = 10_000, fee: int = 0, at: int = 300) -> Json:
    """Money given back after a dispute."""
    return row(identity, amount, fee, "dp_1", type="adjustment", reporting_category="dispute_reversal", created=AT + at)


def intent(received: int = 10_000, **fields: Any) -> Json:
    """A payment intent that names its charge."""
    stated: Json = {"object": "payment_intent", "id": "pi_1", "amount": 10_000, "amount_received": received, "currency": "eur"}
    stated |= {"created": AT - 5, "livemode": True, "status": "succeeded", "latest_charge": "ch_1", "payment_method_types": ["card"]}
    return stated | {"metadata": {"order_id": "1001"}} | fields


def event(topic: str, inner: Json, *, livemode: bool = True, at: int = 10) -> Json:
    """An event envelope."""
    return {"object": "event", "id": f"evt_{at}", "type": topic, "livemode": livemode, "created": AT + at, "data": {"object": inner}}


def deliver(topic: str, inner: Json, **fields: Any) -> Delivery:
    """The envelope as it is delivered."""
    return Delivery(topic, event(topic, inner, **fields))


def read(payload: Any, topic: str = "", connection: Connection = DEFAULT_CONNECTION, *, remembers: bool = False) -> Any:
    """The only answer about a payload."""
    context = Context(tenant="acme", source="stripe:main", connection=connection)
    answers = normalize(ADAPTER, json.dumps(payload).encode(), topic, context, (lambda _: EMPTY) if remembers else None)
    assert len(answers) == 1
    return answers[0]


def told(payload: Any, topic: str = "", connection: Connection = DEFAULT_CONNECTION) -> tuple[EventTwin, ...]:
    """The events of a payload that is judged; none for one without effect."""
    answer = read(payload, topic, connection)
    assert isinstance(answer, Judged | Nothing), answer
    return answer.events if isinstance(answer, Judged) else ()


def problem(payload: Any, topic: str = "") -> Problem:
    """The problem of a payload that cannot be judged."""
    answer = read(payload, topic)
    assert isinstance(answer, Problem), answer
    return answer
