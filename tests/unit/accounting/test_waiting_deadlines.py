"""What a deadline does to an event that waits: suspense for money of nobody, the end of a gap, or nothing."""

from asiento.accounting.decision import Deferred, Posted
from asiento.accounting.order_events import OrderEvent
from tests.order_making import back, captured, line, placed, refunded, shipped, tender
from tests.unit.accounting.playing import amounts, chargeback, deadline, last, play, raised

ORDER = placed(line("A", 1_000, "2"))


def booked(*events: OrderEvent) -> list[tuple[str, str, dict[str, int]]]:
    """(kind, part, amounts) of the entries of the last event."""
    return [(entry.entry_kind, entry.part, amounts(entry)) for entry in last(*events).entries]


def test_money_of_an_unknown_order_stands_on_suspense_until_its_order_comes() -> None:
    waiting = captured("P1", 300)
    late = deadline("PARKED", waiting)
    assert booked(waiting, late) == [("suspense", "", {"psp_clearing:stripe": 300, "suspense:unknown_order": -300})]
    *_, parked, posted = play(waiting, late, ORDER)
    assert parked.state is not None
    assert [one.event for one in parked.state.parked] == [waiting]
    clear, capture = posted.entries
    assert (clear.entry_kind, amounts(clear)) == ("suspense_clear", {"psp_clearing:stripe": -300, "suspense:unknown_order": 300})
    assert clear.reverses == parked.entries[0].entry_id
    assert (capture.entry_kind, amounts(capture)) == ("capture", {"psp_clearing:stripe": 300, "contract_liability": -300})
    assert [(one.code, one.state) for one in posted.discrepancies] == [("D09", "RESOLVED")]
    assert posted.state is not None
    assert posted.state.suspended == {}


def test_the_suspense_entry_is_of_the_deadline_and_in_the_money_s_currency() -> None:
    waiting = captured("P1", 300, currency="JPY")
    late = deadline("PARKED", waiting)
    (entry,) = last(waiting, late).entries
    assert (entry.event_id, entry.event_type, entry.currency, entry.currency_exponent) == (late.event_id, "DeadlinePassed", "JPY", 0)


def test_money_is_put_on_suspense_once() -> None:
    waiting = captured("P1", 300)
    assert booked(waiting, deadline("PARKED", waiting), deadline("PARKED", waiting, label="again")) == []


def test_money_that_went_back_stands_on_suspense_per_tender() -> None:
    tenders = [tender("T1", 100), tender("T2", 40, "PENDING"), tender("T3", 25, tender="CASH", gateway="till"), tender("T4", 9, "FAILED")]
    waiting = refunded("R1", [], tenders)
    late = deadline("PARKED", waiting)
    assert booked(waiting, late) == [
        ("suspense", "T1", {"suspense:unknown_order": 100, "psp_clearing:stripe": -100}),
        ("suspense", "T3", {"suspense:unknown_order": 25, "cash:default": -25}),
    ]
    assert raised(last(waiting, late)) == [("D09", "high", None, 125)]


def test_a_disputed_payment_of_an_unknown_order_stands_on_suspense_with_its_fee() -> None:
    waiting = chargeback("D1", 400, 15)
    assert booked(waiting, deadline("PARKED", waiting)) == [("suspense", "", {"suspense:unknown_order": 415, "psp_clearing:stripe": -415})]


def test_what_moved_no_money_goes_on_waiting_and_is_told() -> None:
    for waiting in (shipped("S1", {"A": "1"}), refunded("R1", [], [tender("T1", 40, "PENDING")])):
        decision = last(waiting, deadline("PARKED", waiting))
        assert (decision.entries, raised(decision)) == ((), [("D27", "high", None, None)])
        assert raised(last(waiting, deadline("PARKED", waiting), deadline("PARKED", waiting, label="again"))) == []


def test_what_is_unknown_of_a_known_order_goes_on_waiting_too() -> None:
    waiting = refunded("R1", [back("A", "1", "SHIPPED")], [tender("T1", 500)])
    told = (ORDER, captured("P1", 1_000), waiting, deadline("PARKED", waiting))
    assert (booked(*told), raised(last(*told))) == ([], [("D27", "high", None, None)])
    healed = last(*told, shipped("S1", {"A": "1"}))
    assert [one.outcome for one in healed.healed] == [Posted()]
    assert [(one.code, one.state) for one in healed.discrepancies] == [("D27", "RESOLVED")]


def test_a_refund_beyond_the_captured_money_posts_at_its_deadline() -> None:
    waiting = refunded("R1", [], [tender("T1", 600)])
    decision = last(ORDER, captured("P1", 500), waiting, deadline("PARKED", waiting))
    assert [one.outcome for one in decision.healed] == [Posted()]
    assert decision.state is not None
    assert decision.state.parked == ()
    assert [entry.entry_kind for entry in decision.entries] == ["apply", "refund"]


def test_units_that_are_not_there_are_waited_for_beyond_the_deadline() -> None:
    waiting = shipped("S1", {"A": "3"})
    decision = last(ORDER, waiting, deadline("PARKED", waiting))
    assert (decision.outcome, decision.entries, decision.discrepancies, decision.healed) == (Posted(), (), (), ())


def test_a_gap_is_given_up_at_its_deadline() -> None:
    held = captured("P1", 300, source_sequence=4)
    later = captured("P2", 200, source_sequence=6)
    *_, before, after = play(placed(line("A", 1_000, "2"), source_sequence=1), held, later, deadline("PARKED", held))
    assert before.outcome == Deferred("D19")
    assert [(one.event_id, one.outcome) for one in after.healed] == [(held.event_id, Posted())]
    assert after.state is not None
    assert after.state.next_number == 5
    assert [one.event for one in after.state.parked] == [later]


def test_a_deadline_of_an_event_that_waits_no_longer_changes_nothing() -> None:
    capture = captured("P1", 300)
    decision = last(ORDER, capture, deadline("PARKED", capture))
    assert (decision.outcome, decision.entries, decision.discrepancies) == (Posted(), (), ())
