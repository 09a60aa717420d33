"""Orders played against the core, and what came of them in short."""

from typing import Any

from asiento.accounting.decide import decide
from asiento.accounting.decision import Decision
from asiento.accounting.journal import Document, JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, PolicyBook
from tests.order_making import TIME, Json, event


def play(*events: OrderEvent, policies: PolicyBook = DEFAULT_POLICIES) -> list[Decision]:
    """One decision per event of one order."""
    state: OrderState | None = None
    decisions = []
    for told in events:
        decisions.append(decide(told, state, policies))
        state = decisions[-1].state
    return decisions


def last(*events: OrderEvent, policies: PolicyBook = DEFAULT_POLICIES) -> Decision:
    """The decision about the last event."""
    return play(*events, policies=policies)[-1]


def raised(decision: Decision) -> list[tuple[str, str, int | None, int | None]]:
    """(code, severity, expected, actual) of each discrepancy raised."""
    return [(one.code, one.severity, one.expected, one.actual) for one in decision.discrepancies if one.state == "OPEN"]


def entry_of(decision: Decision, kind: str) -> JournalEntry:
    """The one entry of a kind."""
    (entry,) = [entry for entry in decision.entries if entry.entry_kind == kind]
    return entry


def amounts(entry: JournalEntry) -> dict[str, int]:
    """Signed amount per account, debit positive."""
    shown: dict[str, int] = {}
    for one in entry.postings:
        shown[one.account] = shown.get(one.account, 0) + (one.amount if one.side == "DEBIT" else -one.amount)
    return shown


def document_of(decision: Decision, kind: str) -> Document:
    """The document of the one entry of a kind."""
    document = entry_of(decision, kind).document
    assert document is not None
    return document


def deadline(kind: str, about: OrderEvent | None = None, **fields: Any) -> OrderEvent:
    """DeadlinePassed, about an event that waits where one is given."""
    label = fields.pop("label", f"deadline:{kind}:{about.event_id if about else ''}")
    return event("DeadlinePassed", label, kind=kind, due_at=TIME, about_event_id=about.event_id if about else None, **fields)


def chargeback(dispute_id: str, amount: int, fee: int = 0, **fields: Any) -> OrderEvent:
    """ChargebackOpened of payment P1."""
    stated = {"dispute_id": dispute_id, "payment_id": "P1", "gateway": "stripe", "amount": amount, "fee": fee}
    return event("ChargebackOpened", f"dispute:{dispute_id}", **(stated | fields))


def stated_tax(amount: int, **fields: Any) -> dict[str, Any]:
    """A Spanish tax as a refund states it."""
    return {"jurisdiction": "ES", "type": "VAT", "code": "IVA", "amount": amount, "liable_party": "SELLER"} | fields


def twin(event_type: str, /, **fields: Any) -> Json:
    """An event as it stands in a correction, in another's place."""
    envelope: Json = {
        "type": event_type,
        "event_id": "0b0a3f2e-0000-4000-8000-000000000001",
        "tenant": "acme",
        "source": "shop:es",
        "order_id": "1",
        "business_key": "replacement",
        "occurred_at": TIME,
        "received_at": TIME,
        "test_mode": False,
        "currency": "EUR",
        "currency_exponent": 2,
    }
    return envelope | fields
