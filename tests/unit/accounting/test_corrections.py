"""A correction takes an event back where nothing stands on it, and only there."""

import pytest

from asiento.accounting.decision import Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from tests.order_making import Json, back, cancelled, captured, event, line, placed, refunded, shipped, tender
from tests.unit.accounting.playing import amounts, chargeback, last, play, twin

ORDER = placed(line("A", 2_000, "2", unit_cost="3"))
CAPTURE, SENT = captured("P1", 2_000), shipped("S1", {"A": "2"})


def returned(return_id: str) -> OrderEvent:
    """One unit of line A to stock again."""
    came = [{"line_id": "A", "quantity": "1", "disposition": "RESTOCK"}]
    return event("ReturnReceived", f"return:{return_id}", return_id=return_id, lines=came)


def adjusted(adjustment_id: str, kind: str, amount: int) -> OrderEvent:
    """ReceivableAdjusted without taxes."""
    return event("ReceivableAdjusted", adjustment_id, adjustment_id=adjustment_id, kind=kind, amount=amount, taxes=[])


def voided(original: OrderEvent) -> OrderEvent:
    """EventCorrected without a replacement."""
    return event("EventCorrected", f"void:{original.business_key}", supersedes_event_id=original.event_id)


REVERSED = event("PaymentReversed", "reversed", payment_id="P1", amount=1)
RETURN, WRITTEN_OFF = returned("B1"), adjusted("W1", "WRITE_OFF", 300)


@pytest.mark.parametrize(
    ("original", "later"),
    [
        (CAPTURE, REVERSED),
        (CAPTURE, chargeback("D1", 1)),
        (CAPTURE, refunded("R1", [], [tender("T1", 1, "PENDING")])),
        (CAPTURE, refunded("R1", [], [tender("T1", 1)])),
        (SENT, refunded("R1", [back("A", "1")], [])),
        (SENT, RETURN),
        (SENT, refunded("R1", [], [], adjustments=[{"kind": "GOODWILL", "amount": 1, "taxes": []}])),
        (SENT, event("ShipmentCancelled", "undone", shipment_id="S1")),
        (RETURN, returned("B2")),
        (WRITTEN_OFF, adjusted("W2", "RECOVERY", 1)),
        (CAPTURE, voided(CAPTURE)),
    ],
    ids=[
        "reversed",
        "disputed",
        "refund begun",
        "refunded",
        "credited",
        "came back",
        "goodwill",
        "undone",
        "returned",
        "recovered",
        "void",
    ],
)
def test_what_something_stands_on_is_not_taken_back(original: OrderEvent, later: OrderEvent) -> None:
    before = [one for one in (SENT, CAPTURE) if original is not WRITTEN_OFF or one is SENT]
    told = [ORDER, *before, *([original] if original not in before else [])]
    again = event("EventCorrected", "again", supersedes_event_id=original.event_id)
    assert play(*told, again)[-1].outcome == Posted()
    *_, stands, decision = play(*told, later, again)
    assert (stands.outcome, decision.outcome, decision.entries) == (Posted(), Rejected("D11"), ())
    assert [(one.code, one.severity) for one in decision.discrepancies] == [("D11", "high")]


def test_a_refund_that_failed_does_not_stand_on_its_capture() -> None:
    begun = refunded("R1", [], [tender("T1", 5, "PENDING")])
    failed = refunded("R1", [], [tender("T1", 5, "FAILED")], label="refund:R1:2")
    assert last(ORDER, captured("P1", 2_005), begun, failed, voided(captured("P1", 2_005))).outcome == Posted()


@pytest.mark.parametrize("original", [ORDER, cancelled({"A": "1"}), refunded("R1", [], [])], ids=["order", "cancellation", "refund"])
def test_other_events_are_mended_by_events_of_their_own(original: OrderEvent) -> None:
    told = [ORDER] if original is ORDER else [ORDER, original]
    assert last(*told, voided(original)).outcome == Rejected("D11")


def test_a_voided_capture_is_reversed_with_its_fee() -> None:
    capture = captured("P1", 2_000, fee=30)
    decision = last(ORDER, capture, voided(capture))
    assert [(entry.entry_kind, amounts(entry)) for entry in decision.entries] == [
        ("reversal", {"contract_liability": 2_000, "psp_clearing:stripe": -2_000}),
        ("reversal", {"psp_clearing:stripe": 30, "psp_fees": -30}),
    ]
    assert decision.state is not None
    assert decision.state.totals.captured == 0


@pytest.mark.parametrize("undo", [voided(SENT), event("ShipmentCancelled", "undone", shipment_id="S1")], ids=["void", "cancelled"])
def test_a_reversal_names_the_entry_that_it_reverses(undo: OrderEvent) -> None:
    _, sent, undone = play(ORDER, SENT, undo)
    reversed_ids = [entry.entry_id for entry in sent.entries if entry.entry_kind in ("invoice", "cost")]
    reversals = [entry for entry in undone.entries if entry.entry_kind == "reversal"]
    assert len(reversed_ids) == 2
    assert [(entry.part, entry.reverses) for entry in reversals] == [(one, one) for one in reversed_ids]
    assert [entry.document is not None for entry in reversals] == [True, False]


def test_other_entries_reverse_nothing() -> None:
    assert {entry.reverses for decision in play(ORDER, SENT, CAPTURE, RETURN) for entry in decision.entries} == {None}


FEE = event("FeeCharged", "fee", fee_id="F1", kind="ads", amount=30, account_kind="CARRIER", gateway="g", estimate=False)
FEE_TWIN = twin("FeeCharged", fee_id="F1", kind="ads", amount=20, account_kind="CARRIER", gateway="g", estimate=False)
CORRECTION_ID = event("EventCorrected", "mend", supersedes_event_id=FEE.event_id).event_id


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, True),
        ({"event_id": FEE.event_id}, True),
        ({"business_key": FEE.business_key}, True),
        ({"fee_id": "F2"}, True),
        ({"estimate": True}, False),
        ({"test_mode": True}, False),
        ({"event_id": CORRECTION_ID}, False),
        ({"order_id": "2"}, False),
        ({"currency": "USD"}, False),
        ({"currency_exponent": 3}, False),
        ({"event_id": CAPTURE.event_id}, False),
        ({"business_key": CAPTURE.business_key}, False),
        ({"fee_id": "F9"}, False),
    ],
    ids=str,
)
def test_a_replacement_must_be_able_to_post_in_its_place(fields: Json, taken: bool) -> None:
    other = event("FeeCharged", "other", fee_id="F9", kind="ads", amount=1, account_kind="CARRIER", gateway="g", estimate=False)
    mend = event("EventCorrected", "mend", supersedes_event_id=FEE.event_id, replacement=FEE_TWIN | fields)
    decision = last(ORDER, CAPTURE, other, FEE, mend)
    assert decision.outcome == (Posted() if taken else Rejected("D11"))
    assert [amounts(entry) for entry in decision.entries] == (
        [{"carrier_fees": -30, "carrier_clearing:g": 30}, {"carrier_fees": 20, "carrier_clearing:g": -20}] if taken else []
    )


@pytest.mark.parametrize("waits", [False, True])
def test_a_replacement_may_have_the_business_key_of_its_correction(waits: bool) -> None:
    mend = event("EventCorrected", "mend", supersedes_event_id=FEE.event_id, replacement=FEE_TWIN | {"business_key": "mend"})
    told = play(ORDER, mend, FEE) if waits else play(ORDER, FEE, mend)
    booked = [amounts(entry) for decision in told for entry in decision.entries]
    assert booked == [
        {"carrier_fees": 30, "carrier_clearing:g": -30},
        {"carrier_fees": -30, "carrier_clearing:g": 30},
        {"carrier_fees": 20, "carrier_clearing:g": -20},
    ]


def test_a_replacement_without_money_needs_no_currency() -> None:
    sent = twin("ShipmentDispatched", shipment_id="S1", lines=[{"line_id": "A", "quantity": "1"}], currency=None, currency_exponent=None)
    mend = event("EventCorrected", "mend", supersedes_event_id=SENT.event_id, replacement=sent)
    assert last(ORDER, SENT, mend).outcome == Posted()


def test_an_event_that_was_replaced_does_not_come_back_under_its_id() -> None:
    first = event("EventCorrected", "mend", supersedes_event_id=FEE.event_id, replacement=FEE_TWIN)
    for event_id, outcome in ((FEE.event_id, Rejected("D11")), ("0b0a3f2e-0000-4000-8000-000000000002", Posted())):
        again = FEE_TWIN | {"event_id": event_id, "business_key": FEE.business_key}
        second = event("EventCorrected", "again", supersedes_event_id=FEE_TWIN["event_id"], replacement=again)
        assert last(ORDER, FEE, first, second).outcome == outcome


def test_a_shipment_that_took_a_part_of_the_rounding_can_be_cancelled() -> None:
    lines = [line("A", 2_000, "2"), line("B", 500)]
    edit = event("OrderEdited", "edit", order_revision=1, lines=lines, order_discounts=[], total=2_502)
    sent = (placed(*lines, total=2_501), shipped("S1", {"A": "1"}), edit, shipped("S2", {"A": "1"}))
    decision = last(*sent, event("ShipmentCancelled", "undone", shipment_id="S2"))
    assert decision.outcome == Posted()
    assert amounts(decision.entries[0]) == {"accounts_receivable": -1_001, "revenue:sales": 1_000, "rounding": 1}
