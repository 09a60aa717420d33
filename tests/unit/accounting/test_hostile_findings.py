"""What hostile lives found, each cut down to the fewest events that show it."""

from dataclasses import replace
from typing import Any

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Decision, Deferred, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from tests import order_making as make

Postings = dict[str, int]

CREDIT_TAX = ("jurisdiction", "type", "code", "amount", "liable_party")
UUID = "0b0a3f2e-0000-4000-8000-%012d"
FEE = {"fee_id": "F1", "kind": "commission", "amount": 5, "account_kind": "PSP", "gateway": "stripe"}
CAPTURE = {"payment_id": "P1", "tender": "CARD", "gateway": "stripe", "amount": 100}


def decide_all(*events: OrderEvent) -> list[Decision]:
    """The decisions of an order's events in a row."""
    state: OrderState | None = None
    decisions = []
    for event in events:
        decisions.append(decide(event, state, DEFAULT_POLICIES))
        state = decisions[-1].state
    return decisions


def entries(decision: Decision) -> list[tuple[str, Postings]]:
    """Kind and postings of each entry, added up per account, debits positive."""
    made = []
    for entry in decision.entries:
        sums: Postings = {}
        for one in entry.postings:
            sums[one.account] = sums.get(one.account, 0) + (one.amount if one.side == "DEBIT" else -one.amount)
        made.append((entry.entry_kind, sums))
    return made


def corrected(original: OrderEvent, replacement: make.Json | None = None) -> OrderEvent:
    """A correction of an earlier event."""
    return make.event("EventCorrected", "correction", supersedes_event_id=original.event_id, replacement=replacement)


def twin(kind: str, /, **fields: Any) -> make.Json:
    """An event as it stands in a correction."""
    envelope: make.Json = {
        "type": kind,
        "event_id": UUID % 1,
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


def test_a_reversal_of_nothing_stands_on_its_capture_all_the_same() -> None:
    capture = make.captured("P1", 100)
    nothing = make.event("PaymentReversed", "reversal", payment_id="P1", amount=0)
    *_, voided = decide_all(make.placed(make.line("A", 100)), capture, nothing, corrected(capture))
    assert voided.outcome == Rejected("D11")


def test_what_an_older_format_did_not_keep_cannot_be_undone() -> None:
    capture, shipment = make.captured("P1", 100), make.shipped("S1", {"A": "1"})
    *_, last = decide_all(make.placed(make.line("A", 100)), capture, shipment)
    assert last.state is not None
    old = replace(last.state, booked={})
    cancelled = make.event("ShipmentCancelled", "cancelled", shipment_id="S1")
    outcomes = [decide(event, old, DEFAULT_POLICIES).outcome for event in (corrected(capture), corrected(shipment), cancelled)]
    assert outcomes == [Rejected("D11"), Rejected("D11"), Deferred("D11")]


def edited(*lines: make.Json) -> OrderEvent:
    """An edit to these lines."""
    total = make.total_of(list(lines))
    return make.event("OrderEdited", "edit", order_revision=1, lines=list(lines), order_discounts=[], total=total)


def test_a_shipment_is_cancelled_whose_charge_has_other_taxes_since() -> None:
    goods = make.line("A", 200, "2")
    vat, levy = make.tax(20, rate="0.2", code="VAT"), make.tax(8, rate="0.08", code="LEVY")
    shipment = make.shipped("S1", {"A": "1"})
    order = make.placed(goods, make.line("C", 100, kind="SHIPPING", taxes=[vat]))
    edit = edited(goods, make.line("C", 100, kind="SHIPPING", taxes=[levy, vat]))
    cancelled = make.event("ShipmentCancelled", "cancelled", shipment_id="S1")
    *_, undone, again = decide_all(order, shipment, edit, cancelled, make.shipped("S2", {"A": "2"}))
    assert [kind for kind, _ in entries(undone)] == ["reversal"]
    taxes = {"tax_payable:ES:VAT": -28}
    assert entries(again) == [("invoice", {"accounts_receivable": 328, "revenue:sales": -200, "shipping_revenue": -100} | taxes)]


def test_an_edit_forgets_no_credit_of_a_tax_that_it_drops() -> None:
    zero, vat = make.tax(0, rate="0", base=100), make.tax(21, base=100)
    order = make.placed(make.line("A", 100, taxes=[zero, vat]))
    tax_only = {"kind": "TAX", "amount": 0, "line_id": "A", "taxes": [{name: vat[name] for name in CREDIT_TAX}]}
    shipments = [make.shipped("S1", {"A": "1"}), make.shipped("S2", {"B": "1"})]
    edit = edited(make.line("A", 100, taxes=[vat]), make.line("B", 100, taxes=[vat]))
    credits_ = [make.refunded(refund_id, [], [], adjustments=[tax_only]) for refund_id in ("R1", "R2")]
    *_, twice = decide_all(order, shipments[0], credits_[0], edit, shipments[1], credits_[1])
    assert [one.code for one in twice.discrepancies] == ["D10"]
    assert twice.entries == ()


def test_suspense_is_cleared_in_its_own_currency() -> None:
    dollars, euros = (make.captured("P1", 100, currency=currency) for currency in ("USD", "EUR"))
    deadline = make.event("DeadlinePassed", "deadline", kind="PARKED", due_at=make.TIME, about_event_id=dollars.event_id)
    *_, placed, mended = decide_all(dollars, deadline, make.placed(make.line("A", 100)), euros)
    assert [healed.outcome for healed in placed.healed] == [Rejected("D24")]
    assert [(entry.entry_kind, entry.currency) for entry in mended.entries] == [("suspense_clear", "USD"), ("capture", "EUR")]


@pytest.mark.parametrize(
    "replacement",
    [
        twin("FeeCharged", **FEE, estimate=True),
        twin("FeeCharged", **FEE, estimate=False, currency_exponent=3),
        twin("FeeCharged", **FEE, estimate=False, event_id=corrected(make.placed()).event_id),
    ],
    ids=["an estimate", "a wrong exponent", "the id of the correction"],
)
def test_what_could_not_post_by_itself_replaces_nothing(replacement: make.Json) -> None:
    fee = make.event("FeeCharged", "fee", **FEE, estimate=False)
    *_, correction = decide_all(make.placed(make.line("A", 100)), fee, corrected(fee, replacement))
    assert correction.outcome == Rejected("D11")


def test_a_replacement_under_the_same_id_is_corrected_in_turn() -> None:
    capture = make.captured("P1", 100)
    first, second = (twin("PaymentCaptured", **CAPTURE | {"amount": amount, "event_id": UUID % amount}) for amount in (50, 70))
    again = make.event("EventCorrected", "again", supersedes_event_id=first["event_id"], replacement=second)
    *_, last = decide_all(make.placed(make.line("A", 100)), capture, corrected(capture, first), again)
    assert [kind for kind, _ in entries(last)] == ["reversal", "capture"]


def test_a_shipment_whose_rounding_was_credited_is_not_cancelled() -> None:
    order = make.placed(make.line("A", 100), make.line("R", 1, kind="ROUNDING"))
    shipments = [make.shipped("S1", {}), make.shipped("S2", {"A": "1"})]
    cancelled = make.event("ShipmentCancelled", "cancelled", shipment_id="S1")
    *_, last = decide_all(order, *shipments, make.refunded("R1", [make.back("A", "1")], []), cancelled)
    assert last.outcome == Deferred("D11")
