"""The order of judgement, parking and healing, one behaviour each."""

from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Decision, Deferred, Duplicate, Ignored, Outcome, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, Policy, PolicyBook
from tests.order_making import Json, back, cancelled, captured, line, placed, refunded, shipped, tax, tender


def play(*events: OrderEvent, policies: PolicyBook = DEFAULT_POLICIES) -> list[Decision]:
    """One decision per event of one order."""
    state: OrderState | None = None
    decisions = []
    for event in events:
        decisions.append(decide(event, state, policies))
        state = decisions[-1].state
    return decisions


def outcomes(decisions: list[Decision]) -> list[Outcome]:
    return [decision.outcome for decision in decisions]


def found(decision: Decision) -> list[tuple[str, str, str]]:
    return [(one.code, one.severity, one.state) for one in decision.discrepancies]


ORDER = placed(line("A", 2_000, "2"))


def test_test_mode_is_ignored_and_leaves_no_state() -> None:
    decision = play(captured("P1", 100, test_mode=True))[0]
    assert (decision.outcome, decision.state, decision.discrepancies) == (Ignored("test_mode"), None, ())


def test_an_ignored_record_makes_its_number_seen_and_heals() -> None:
    numbered = [replace(event, source_sequence=n) for n, event in ((1, ORDER), (3, shipped("S1", {"A": "1"})))]
    *_, last = play(*numbered, captured("P1", 100, test_mode=True, source_sequence=2))
    assert last.outcome == Ignored("test_mode")
    assert [(one.event_id, one.outcome) for one in last.healed] == [(numbered[1].event_id, Posted())]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"currency": "XXX"}, "D24"),
        ({"currency_exponent": 3}, "D24"),
        ({"total": 2_002}, "D01"),
        ({"order_discounts": [{"code": "X", "amount": 100, "funded_by": "SELLER"}], "total": 1_900}, "D03"),
        ({"lines": [line("A", 1_000), line("A", 1_000)]}, "D06"),
        ({"lines": [line("A", 2_000, taxes=[tax(200, included=True)])]}, "D06"),
        ({"lines": [line("A", 2_100, kind="GIFT_CARD", discount=100)]}, "D06"),
        ({"lines": [line("A", 100, discount=200), line("B", 2_100)]}, "D06"),
        ({"lines": [line("asiento:rounding", 2_000)]}, "D06"),
    ],
)
def test_an_order_that_does_not_hold_is_rejected(fields: Json, code: str) -> None:
    lines = fields.get("lines") or [line("A", 2_000, "2", order_discount=0)]
    decision = play(placed(*lines, **({"total": 2_000} | {k: v for k, v in fields.items() if k != "lines"})))[0]
    assert decision.outcome == Rejected(code)
    assert decision.state is None
    assert found(decision) == [(code, "critical" if code == "D24" else "high", "OPEN")]


def test_a_mended_order_may_come_again_under_the_same_id() -> None:
    wrong = placed(line("A", 2_000, "2"), total=9_999)
    assert outcomes(play(wrong, ORDER)) == [Rejected("D01"), Posted()]


def test_a_difference_within_tolerance_becomes_a_rounding() -> None:
    decision = play(placed(line("A", 1_999, "2"), total=2_000))[0]
    assert found(decision) == [("D01", "low", "OPEN")]
    assert decision.state is not None
    assert decision.state.totals.agreed == 2_000


def test_a_tax_far_from_base_times_rate_warns() -> None:
    near, far = (placed(line("A", 1_000, taxes=[tax(amount, base=1_000)])) for amount in (211, 212))
    assert found(play(near)[0]) == []
    assert found(play(far)[0]) == [("D05", "medium", "OPEN")]


def test_another_currency_than_the_order_s_is_rejected() -> None:
    decision = play(ORDER, captured("P1", 100, currency="USD"))[1]
    assert decision.outcome == Rejected("D24")
    parameters = dict(decision.discrepancies[0].parameters)
    assert parameters == {"currency": "USD", "event_type": "PaymentCaptured", "order_currency": "EUR", "reason": "other_currency"}


def test_a_currency_is_judged_before_the_order_is_looked_for() -> None:
    assert play(captured("P1", 100, currency="XXX"))[0].outcome == Rejected("D24")


def test_what_waits_for_its_order_posts_oldest_first() -> None:
    *_, last = play(shipped("S1", {"A": "1"}), captured("P1", 2_000), ORDER)
    assert [entry.entry_kind for entry in last.entries] == ["invoice", "capture"]
    assert last.state is not None
    assert last.state.parked == ()


def test_a_parked_event_is_known() -> None:
    waiting = captured("P1", 100)
    assert outcomes(play(waiting, waiting, captured("P1", 200), captured("P1", 200, label="other"))) == [
        Deferred("D27"),
        Duplicate(),
        Conflict("D21"),
        Conflict("D22"),
    ]


def test_a_parked_event_that_can_never_post_is_rejected_when_its_order_comes() -> None:
    waiting = captured("P1", 100, currency="USD")
    last = play(waiting, ORDER)[1]
    assert [healed.outcome for healed in last.healed] == [Rejected("D24")]
    assert found(last) == [("D24", "critical", "OPEN")]


def test_parked_events_are_bounded_in_number_and_bytes() -> None:
    waiting = [captured(f"P{number}", 100) for number in range(3)]
    few = PolicyBook(((0, Policy(parked_events_max=2)),))
    decisions = play(*waiting, policies=few)
    assert decisions[2].outcome == Rejected("parking_overflow")
    assert found(decisions[2]) == [("D27", "high", "OPEN")]
    assert decisions[2].state == decisions[1].state
    small = PolicyBook(((0, Policy(parked_bytes_max=waiting[0].size_bytes + 1)),))
    assert outcomes(play(*waiting[:2], policies=small)) == [Deferred("D27"), Rejected("parking_overflow")]


def test_a_gap_holds_what_is_above_it_until_the_number_comes() -> None:
    first, second, third = (
        replace(event, source_sequence=n) for n, event in enumerate((ORDER, captured("P1", 1), shipped("S", {"A": "1"})), 1)
    )
    decisions = play(first, third, second)
    assert outcomes(decisions) == [Posted(), Deferred("D19"), Posted()]
    assert [healed.outcome for healed in decisions[2].healed] == [Posted()]
    assert found(decisions[1]) == [("D19", "high", "OPEN")]
    assert found(decisions[2]) == [("D19", "high", "RESOLVED")]


def test_a_code_that_changes_while_waiting_is_told_and_heals_others() -> None:
    too_many = shipped("S1", {"A": "3"}, source_sequence=3)
    after_it = captured("P1", 100, source_sequence=4)
    decisions = play(replace(ORDER, source_sequence=1), after_it, too_many, captured("P2", 100, source_sequence=2))
    assert outcomes(decisions) == [Posted(), Deferred("D19"), Deferred("D19"), Posted()]
    assert [(one.event_id, one.outcome) for one in decisions[3].healed] == [
        (too_many.event_id, Deferred("D11")),
        (after_it.event_id, Posted()),
    ]


def test_numbers_far_ahead_are_not_kept_as_seen() -> None:
    policies = PolicyBook(((0, Policy(numbers_ahead_max=5)),))
    ignored = [captured("P", 1, test_mode=True, source_sequence=n, label=f"t{n}") for n in (3, 9)]
    *_, last = play(replace(ORDER, source_sequence=1), *ignored, policies=policies)
    assert last.state is not None
    assert (last.state.next_number, last.state.seen_ahead) == (2, (3,))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (shipped("S1", {"A": "2.5"}), "D11"),
        (shipped("S1", {"B": "1"}), "D11"),
        (cancelled({"A": "3"}), "D11"),
        (refunded("R1", [back("A", "1", "SHIPPED")], []), "D27"),
        (refunded("R1", [back("A", "1", "SHIPPED", shipment_id="S9")], []), "D27"),
        (refunded("R1", [back("A", "1", "UNSHIPPED", shipment_id="S9"), back("A", "9", "AUTO")], []), "D27"),
        (refunded("R1", [back("A", "1", "AUTO"), back("A", "1.5", "AUTO")], []), "D11"),
        (refunded("R1", [back("B", "1", "UNSHIPPED")], []), "D11"),
        (refunded("R1", [], [tender("T1", 100)]), "D10"),
        (refunded("R1", [], [tender("T1", 100, payment_id=None)]), "D10"),
    ],
)
def test_conditions_of_the_kinds(event: OrderEvent, code: str) -> None:
    decision = play(ORDER, event)[1]
    assert decision.outcome == Deferred(code)
    assert [one[0] for one in found(decision)] == ([] if code == "D27" else [code])
    assert decision.entries == ()


def test_a_named_shipment_limits_the_units_that_can_be_credited() -> None:
    order = (ORDER, shipped("S1", {"A": "1"}), shipped("S2", {"A": "1"}))
    assert play(*order, refunded("R1", [back("A", "2", "SHIPPED", shipment_id="S2")], []))[-1].outcome == Deferred("D27")
    last = play(*order, refunded("R1", [back("A", "1", "SHIPPED", shipment_id="S2")], []))[-1]
    document = last.entries[0].document
    assert document is not None
    assert document.refers_to == ("invoice-acme-shop:es-1-2",)


def test_a_refund_sent_again_with_other_content_is_d22() -> None:
    paid = (ORDER, captured("P1", 2_000), shipped("S1", {"A": "2"}))
    first = refunded("R1", [back("A", "1")], [tender("T1", 1_000, "PENDING")])
    other_lines = refunded("R1", [back("A", "2")], [tender("T1", 1_000)], label="refund:R1:2")
    other_amount = refunded("R1", [back("A", "1")], [tender("T1", 999)], label="refund:R1:2")
    same = refunded("R1", [back("A", "1")], [tender("T1", 1_000)], label="refund:R1:2")
    for event, expected in ((other_lines, Conflict("D22")), (other_amount, Conflict("D22")), (same, Posted())):
        assert play(*paid, first, event)[-1].outcome == expected


def test_a_status_that_stands_earlier_changes_nothing() -> None:
    paid = (ORDER, captured("P1", 2_000), shipped("S1", {"A": "2"}))
    settled = refunded("R1", [back("A", "1")], [tender("T1", 1_000)])
    late = refunded("R1", [back("A", "1")], [tender("T1", 1_000, "PENDING")], label="refund:R1:0")
    *_, last = play(*paid, settled, late)
    assert (last.outcome, last.entries, last.discrepancies) == (Posted(), (), ())


def test_units_stated_at_no_net_credit_nothing_and_unshipped_ones_state_nothing() -> None:
    never_sent = refunded("R1", [back("A", "1", "UNSHIPPED", net=9_999, taxes=[])], [])
    last = play(ORDER, never_sent)[-1]
    assert (last.entries, last.discrepancies) == ((), ())


def test_an_order_without_units_invoices_its_charges_with_an_empty_shipment() -> None:
    order = placed(line("F", 500, kind="FEE"), line("T", 300, kind="TIP"))
    entry = play(order, shipped("S1", {}))[1].entries[0]
    assert {posting.account: posting.amount for posting in entry.postings} == {
        "accounts_receivable": 800,
        "other_revenue": 500,
        "tips_payable": 300,
    }


def test_duty_follows_cancelled_units_and_shipping_does_not() -> None:
    order = placed(line("A", 2_000, "2"), line("D", 100, kind="DUTY"), line("S", 300, kind="SHIPPING"))
    entry = play(order, cancelled({"A": "1"}), shipped("S1", {"A": "1"}))[2].entries[0]
    shown = {posting.account: posting.amount for posting in entry.postings}
    assert (shown["duties_payable"], shown["shipping_revenue"]) == (50, 300)


def test_free_units_give_the_first_shipment_all_charges() -> None:
    order = placed(line("A", 0, "2"), line("S", 300, kind="SHIPPING"))
    decisions = play(order, shipped("S1", {"A": "1"}), shipped("S2", {"A": "1"}))
    assert [[entry.entry_kind for entry in decision.entries] for decision in decisions] == [[], ["invoice"], []]


def test_entry_and_discrepancy_ids_are_version_5_names() -> None:
    entry = play(ORDER, captured("P1", 5_000))[1].entries[0]
    namespace = UUID("d4e30a94-8be5-47bc-bde7-48a5a3897db5")
    assert entry.entry_id == str(uuid5(namespace, f"acme|{entry.event_id}|capture|"))
    d08 = play(ORDER, captured("P1", 5_000))[1].discrepancies[0]
    assert d08.discrepancy_id == str(uuid5(UUID("bb36aed8-e105-46a6-9656-cad2e6802c98"), f"D08|{entry.event_id}"))


def test_a_document_says_what_the_customer_and_the_fiscal_provider_need() -> None:
    order = placed(
        line("A", 2_000, "2", sku="X-1", description="shirt", product_tax_code="53102500", taxes=[tax(420)]),
        due_days=30,
        terms="NET",
        customer_ref="c-77",
        document_fields={"NIF": "B12345678"},
    )
    shipment = play(order, shipped("S1", {"A": "1"}))[1].entries[0]
    document = shipment.document
    assert document is not None
    assert (document.kind, document.document_ref) == ("INVOICE", "invoice-acme-shop:es-1-1")
    assert (document.customer_ref, document.due_date) == ("c-77", "2026-02-04")
    assert dict(document.fiscal) == {"NIF": "B12345678", "line:A:product_tax_code": "53102500"}
    assert (document.totals.net, document.totals.tax, document.totals.gross) == (1_000, 210, 1_210)
    assert [(one.line_id, one.quantity, one.net, one.taxes[0].amount) for one in document.lines] == [("A", 1_000_000, 1_000, 210)]
