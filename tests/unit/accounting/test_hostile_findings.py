"""What hostile lives found, each cut down to the fewest events that show it."""

from typing import Any

from asiento.accounting.decide import decide
from asiento.accounting.decision import Decision
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from tests import order_making as make

Postings = dict[str, int]


def decide_all(*events: OrderEvent) -> list[Decision]:
    """The decisions of an order's events in a row."""
    state: OrderState | None = None
    decisions = []
    for event in events:
        decisions.append(decide(event, state, DEFAULT_POLICIES))
        state = decisions[-1].state
    return decisions


def entries(decision: Decision) -> list[tuple[str, Postings]]:
    """Kind and signed postings of each entry."""
    return [
        (entry.entry_kind, {one.account: one.amount if one.side == "DEBIT" else -one.amount for one in entry.postings})
        for entry in decision.entries
    ]


def corrected(original: OrderEvent, replacement: make.Json | None = None) -> OrderEvent:
    """A correction of an earlier event."""
    return make.event("EventCorrected", "correction", supersedes_event_id=original.event_id, replacement=replacement)


def twin(kind: str, **fields: Any) -> make.Json:
    """An event as it stands in a correction."""
    envelope: make.Json = {
        "type": kind,
        "event_id": "0b0a3f2e-0000-4000-8000-000000000001",
        "tenant": "acme",
        "source": "shop:es",
        "order_id": "1",
        "business_key": "replacement",
        "occurred_at": make.TIME,
        "received_at": make.TIME,
        "test_mode": False,
        "currency": "EUR",
        "currency_exponent": 2,
    }
    return envelope | fields


CAPTURE = {"payment_id": "P1", "tender": "CARD", "gateway": "stripe", "amount": 100}


def test_a_reversal_of_nothing_does_not_stand_on_its_capture() -> None:
    capture = make.captured("P1", 100)
    nothing = make.event("PaymentReversed", "reversal", payment_id="P1", amount=0)
    *_, voided = decide_all(make.placed(make.line("A", 100)), capture, nothing, corrected(capture))
    assert entries(voided) == [("reversal", {"contract_liability": 100, "psp_clearing:stripe": -100})]
