"""What a discrepancy tells the person who reads it: severity, both figures, parameters; and that it stands once."""

import pytest

from asiento.accounting.decision import Deferred, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.policy import Policy, PolicyBook
from tests.order_making import Json, back, cancelled, captured, event, line, placed, refunded, shipped, tax, tender
from tests.unit.accounting.playing import chargeback, deadline, last, play, raised, stated_tax

ORDER = placed(line("A", 2_000, "2", taxes=[tax(420)]))
SHIPPED = (ORDER, shipped("S1", {"A": "2"}))


def adjusted(kind: str, amount: int, *taxes: Json, line_id: str | None = None) -> OrderEvent:
    """A refund of one adjustment, without money."""
    return refunded("R1", [], [], adjustments=[{"kind": kind, "amount": amount, "taxes": list(taxes), "line_id": line_id}])


@pytest.mark.parametrize(
    ("refund", "beyond"),
    [
        (adjusted("GOODWILL", 300, stated_tax(63), line_id="Z"), 363),
        (adjusted("GOODWILL", 2_100, stated_tax(500)), 180),
        (adjusted("GOODWILL", 100, stated_tax(9, code="OTHER")), 9),
        (adjusted("TAX", 0, stated_tax(421)), 1),
        (adjusted("CHARGE", 70, stated_tax(5)), 75),
        (adjusted("CHARGE", 70, line_id="A"), 70),
        (refunded("R1", [back("A", "1", net=2_001, taxes=[stated_tax(421)])], []), 2),
    ],
)
def test_what_is_stated_beyond_a_cap_is_told_to_the_minor_unit(refund: OrderEvent, beyond: int) -> None:
    assert raised(last(*SHIPPED, refund)) == [("D10", "critical", 0, beyond)]


def test_what_is_beyond_a_cap_adds_up_over_a_refund() -> None:
    two = [{"kind": "GOODWILL", "amount": 300, "taxes": [stated_tax(63)], "line_id": "Z"} for _ in range(2)]
    assert raised(last(*SHIPPED, refunded("R1", [], [], adjustments=two))) == [("D10", "critical", 0, 726)]


def test_a_charge_s_open_tax_is_given_back_once() -> None:
    order = placed(line("A", 1_000), line("S", 300, kind="SHIPPING", taxes=[tax(63)]))
    twice = adjusted("CHARGE", 0, stated_tax(40), stated_tax(40))
    assert raised(last(order, twice)) == [("D10", "critical", 0, 17)]


def test_refunds_beyond_the_captured_money_are_told_with_both_sums() -> None:
    told = (*SHIPPED, captured("P1", 1_000))
    over = refunded("R1", [back("A", "2")], [tender("T1", 1_500)])
    assert last(*told, over).outcome == Deferred("D10")
    assert raised(last(*told, over)) == [("D10", "critical", 1_000, 1_500)]
    allowed = refunded("R1", [back("A", "2")], [tender("T1", 1_500)], allow_over_refund=True)
    assert raised(last(*told, allowed)) == [("D10", "low", 1_000, 1_500)]


def test_an_open_dispute_counts_as_money_that_may_go() -> None:
    told = (*SHIPPED, captured("P1", 1_000), refunded("R1", [back("A", "1")], [tender("T1", 600)]))
    assert raised(last(*told, chargeback("D1", 400))) == []
    assert raised(last(*told, chargeback("D1", 500))) == [("D10", "high", 1_000, 1_100)]


def test_a_dispute_that_is_lost_beyond_the_captured_money_is_critical() -> None:
    closed = event("ChargebackClosed", "closed", dispute_id="D1", outcome="LOST", amount_won=0, fee_returned=0)
    told = (*SHIPPED, captured("P1", 1_000), refunded("R1", [back("A", "1")], [tender("T1", 600)]), chargeback("D1", 400))
    *_, opened, lost = play(*told, chargeback("D2", 100), closed)
    assert raised(opened) == [("D10", "high", 1_000, 1_100)]
    assert raised(lost) == []


def test_d10_of_totals_is_raised_by_the_event_that_makes_it_true_alone() -> None:
    over = refunded("R1", [], [tender("T1", 1_500)], allow_over_refund=True)
    more = refunded("R2", [], [tender("T2", 100)], allow_over_refund=True)
    *_, first, second = play(*SHIPPED, captured("P1", 1_000), over, more)
    assert [one[0] for one in raised(first)] == ["D10"]
    assert raised(second) == []


def test_money_held_beyond_the_order_s_worth_is_told() -> None:
    told = (ORDER, cancelled({"A": "1"}))
    assert raised(last(*told, captured("P1", 1_210))) == []
    assert raised(last(*told, captured("P1", 1_211))) == [("D08", "high", 1_210, 1_211)]
    assert raised(last(*told, captured("P1", 1_211), captured("P2", 5))) == []


def test_d08_resolves_when_the_money_goes_back() -> None:
    *_, refund = play(ORDER, captured("P1", 2_500), refunded("R1", [], [tender("T1", 80)]))
    (found,) = refund.discrepancies
    assert (found.code, found.state) == ("D08", "RESOLVED")
    assert dict(found.parameters)["resolved_by"] == refunded("R1", [], []).event_id


def test_a_pending_tender_is_followed_with_its_amount() -> None:
    paid = (*SHIPPED, captured("P1", 2_420))
    tenders = [tender("T1", 700, "PENDING"), tender("T2", 300, "PENDING"), tender("T3", 210)]
    assert raised(last(*paid, refunded("R1", [back("A", "1")], tenders))) == [("D28", "low", None, 1_000)]


def test_money_without_a_reason_beyond_what_is_invoiced_is_told() -> None:
    told = (ORDER, shipped("S1", {"A": "1"}), captured("P1", 2_420), refunded("R1", [], [tender("T1", 1_500)]))
    assert raised(last(*told)) == [("D38", "medium", 1_210, 1_500)]


def test_d38_stands_while_one_minor_unit_is_unexplained() -> None:
    *_, refund, sent = play(ORDER, captured("P1", 2_420), refunded("R1", [], [tender("T1", 1)]), shipped("S1", {"A": "1"}))
    assert [(one.code, one.state, one.actual) for one in refund.discrepancies] == [("D38", "OPEN", 1)]
    assert sent.discrepancies == ()


def test_money_that_goes_out_again_after_it_came_back_needs_no_reason() -> None:
    first = refunded("R1", [back("A", "1")], [tender("T1", 1_210)])
    again = refunded("R1", [back("A", "1")], [tender("T1", 1_210, "FAILED"), tender("T2", 1_210)], label="refund:R1:2")
    decision = last(*SHIPPED, captured("P1", 2_420), first, again)
    assert ([entry.entry_kind for entry in decision.entries], raised(decision)) == (["apply", "refund_reversed", "refund"], [])


def test_deadlines_tell_what_is_overdue() -> None:
    assert raised(last(*SHIPPED, captured("P1", 420), deadline("UNPAID"))) == [("D16", "high", 0, 2_000)]
    assert raised(last(ORDER, captured("P1", 500), deadline("UNSHIPPED"))) == [("D17", "medium", 2_420, 500)]
    owed = (*SHIPPED, captured("P1", 2_420), refunded("R1", [back("A", "1")], [tender("T1", 200, "PENDING")]))
    assert raised(last(*owed, deadline("UNREFUNDED"))) == [("D38", "medium", 200, 1_210)]


def test_deadlines_tell_of_one_minor_unit() -> None:
    assert raised(last(*SHIPPED, captured("P1", 2_419), deadline("UNPAID"))) == [("D16", "high", 0, 1)]
    assert raised(last(ORDER, captured("P1", 1), deadline("UNSHIPPED"))) == [("D17", "medium", 2_420, 1)]
    assert raised(last(placed(line("A", 1)), captured("P1", 1), deadline("UNSHIPPED"))) == [("D17", "medium", 1, 1)]
    owed = (*SHIPPED, captured("P1", 2_420), refunded("R1", [back("A", "1")], [tender("T1", 1_209, "PENDING")]))
    assert raised(last(*owed, deadline("UNREFUNDED"))) == [("D38", "medium", 1_209, 1_210)]


def test_deadlines_of_what_is_not_overdue_tell_nothing() -> None:
    on_account = placed(line("A", 2_000, "2"), terms="NET")
    assert raised(last(*SHIPPED, captured("P1", 2_420), deadline("UNPAID"))) == []
    assert raised(last(on_account, shipped("S1", {"A": "2"}), deadline("UNPAID"))) == []
    assert raised(last(ORDER, deadline("UNPAID"))) == []
    assert raised(last(ORDER, deadline("UNSHIPPED"))) == []
    assert raised(last(ORDER, captured("P1", 2_420), shipped("S1", {"A": "1"}), deadline("UNSHIPPED"))) == []
    assert raised(last(ORDER, captured("P1", 2_420), cancelled({}), deadline("UNSHIPPED"))) == []
    back_again = refunded("R1", [back("A", "1")], [tender("T1", 1_210, "PENDING")])
    assert raised(last(*SHIPPED, captured("P1", 2_420), back_again, deadline("UNREFUNDED"))) == []


def test_money_on_suspense_is_told_with_its_amount() -> None:
    waiting = chargeback("D1", 400, 15)
    assert raised(last(waiting, deadline("PARKED", waiting))) == [("D09", "high", None, 415)]


def test_a_currency_that_is_not_known_or_not_as_it_is_known_is_told() -> None:
    for wrong, known, parameters in (({"currency": "XXX"}, (None, 2), "XXX"), ({"currency_exponent": 3}, (2, 3), "EUR")):
        (found,) = last(captured("P1", 100, **wrong)).discrepancies
        assert (found.expected, found.actual, dict(found.parameters)["currency"]) == (*known, parameters)


def test_an_order_that_does_not_add_up_is_told_with_both_sums() -> None:
    assert raised(last(placed(line("A", 1_000), total=1_001))) == [("D01", "low", 1_000, 1_001)]
    assert raised(last(placed(line("A", 1_000), line("B", 500), total=1_498))) == [("D01", "low", 1_500, 1_498)]
    assert raised(last(placed(line("A", 1_000), line("B", 500), total=1_497))) == [("D01", "high", 1_500, 1_497)]
    shares = placed(line("A", 1_000, order_discount=60), line("B", 500, order_discount=30), discount=100)
    assert raised(last(shares)) == [("D03", "high", 100, 90)]


def test_lines_that_cannot_be_taken_have_no_figures() -> None:
    assert raised(last(placed(line("A", 100, discount=200), line("B", 2_100)))) == [("D06", "high", None, None)]


def test_a_tax_that_does_not_follow_its_rate_is_told_with_both_amounts() -> None:
    order = placed(line("A", 1_000, taxes=[tax(210, base=1_000)]), line("B", 1_000, taxes=[tax(200, base=1_000)]))
    assert raised(last(order)) == [("D05", "medium", 210, 200)]
    assert raised(last(placed(line("A", 1_000, taxes=[tax(56, rate="0.0525", base=1_050)])))) == []
    assert raised(last(placed(line("A", 1_000, taxes=[tax(54, rate="0.0525", base=1_050)])))) == [("D05", "medium", 55, 54)]


def test_a_conflict_names_the_event_that_stands() -> None:
    first, other = captured("P1", 100), captured("P1", 200)
    renamed = captured("P1", 200, label="again")
    for later, code, severity in ((other, "D21", "critical"), (renamed, "D22", "high")):
        (found,) = last(ORDER, first, later).discrepancies
        assert (found.code, found.severity, dict(found.parameters)["first_event_id"]) == (code, severity, first.event_id)
        assert (found.event_id, found.order_key, found.currency) == (later.event_id, "acme:shop:es:1", "EUR")


def test_an_event_that_finds_no_room_to_wait_says_why() -> None:
    few = PolicyBook(((0, Policy(parked_events_max=1)),))
    decision = last(captured("P1", 1), captured("P2", 1), policies=few)
    assert [dict(one.parameters)["reason"] for one in decision.discrepancies] == ["parking_overflow"]


def test_an_event_exactly_as_large_as_the_room_may_wait() -> None:
    waiting = captured("P1", 100)
    rooms = [PolicyBook(((0, Policy(parked_bytes_max=waiting.size_bytes - less)),)) for less in (0, 1)]
    outcomes = [last(waiting, policies=room).outcome for room in rooms]
    assert outcomes == [Deferred("D27"), Rejected("parking_overflow")]


def test_the_higher_severity_of_one_decision_counts() -> None:
    """A credit beyond its cap (critical) and, allowed, more money than was captured (low): one D10, critical."""
    refund = refunded(
        "R1", [], [tender("T1", 3_000)], adjustments=[{"kind": "GOODWILL", "amount": 9_000, "taxes": []}], allow_over_refund=True
    )
    decision = last(*SHIPPED, captured("P1", 2_420), refund)
    assert decision.outcome == Posted()
    assert [(one.code, one.severity) for one in decision.discrepancies if one.code == "D10"] == [("D10", "critical")]


def test_a_discrepancy_is_dated_by_the_event_that_raised_it() -> None:
    late = captured("P1", 9_999, received_at="2026-02-01T00:00:00Z")
    (found,) = last(ORDER, late).discrepancies
    assert (found.raised_at, found.entry_id, found.account) == (late.received_at, None, None)
