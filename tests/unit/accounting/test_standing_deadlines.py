"""Which deadlines an order has: counted from what, until when, and that each is judged once."""

from dataclasses import replace

import pytest

from asiento.accounting.decision import Decision, Posted
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import Policy, PolicyBook
from asiento.accounting.standing_deadlines import Deadline, standing_deadlines
from schemas.events import event_from_json
from streams.sweeper.deadline_events import deadline_event
from tests.oracle.lives import PROFILES, life
from tests.order_making import back, captured, event, line, placed, refunded, shipped, tender
from tests.unit.accounting.playing import play, raised

HOUR = 3_600_000_000
DAY = 24 * HOUR
POLICY = Policy(parked_deadline_hours=5, unpaid_deadline_days=1, unshipped_deadline_days=2, unrefunded_deadline_days=3)
POLICIES = PolicyBook(((0, POLICY),))
ORDER, PAID, SENT = placed(line("A", 1_000, "2")), captured("P1", 1_000), shipped("S1", {"A": "2"})
START = ORDER.received_at


def after(told: OrderEvent, micros: int) -> OrderEvent:
    """The event, arriving so long after the others."""
    return replace(told, received_at=START + micros)


def passed(deadline: Deadline, now: int = 0) -> OrderEvent:
    """The event of a deadline, told at `now`, else in time."""
    return event_from_json(deadline_event(ORDER.order_key, deadline, now or deadline.due_at))


def state_after(*events: OrderEvent) -> OrderState:
    state = play(*events, policies=POLICIES)[-1].state
    assert state is not None
    return state


def standing(*events: OrderEvent) -> tuple[Deadline, ...]:
    return standing_deadlines(state_after(*events), POLICY)


def decided(*events: OrderEvent) -> Decision:
    return play(*events, policies=POLICIES)[-1]


UNPAID = Deadline(START + DAY, "UNPAID")
UNSHIPPED = Deadline(START + 2 * DAY, "UNSHIPPED")


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ((ORDER,), ()),
        ((ORDER, SENT), (UNPAID,)),
        ((ORDER, PAID), (UNSHIPPED,)),
        ((ORDER, PAID, SENT), ()),
        ((placed(line("A", 1_000, "2"), terms="NET"), SENT), ()),
        ((ORDER, PAID, SENT, refunded("R1", [back("A", "1")], [])), (Deadline(START + 3 * DAY, "UNREFUNDED"),)),
        ((ORDER, PAID, SENT, refunded("R1", [back("A", "1")], [tender("T1", 500, "PENDING")])), ()),
    ],
)
def test_what_is_open_has_a_deadline(events: tuple[OrderEvent, ...], expected: tuple[Deadline, ...]) -> None:
    assert standing(*events) == expected


def test_the_silence_begins_anew_with_every_arrival_but_not_with_a_deadline() -> None:
    news = after(event("ShipmentDelivered", "delivered:S1", shipment_id="S1"), 7 * HOUR)
    assert standing(ORDER, SENT, news) == (Deadline(START + 7 * HOUR + DAY, "UNPAID"),)
    both = (ORDER, captured("P1", 500), shipped("S1", {"A": "2"}), refunded("R1", [back("A", "2")], []))
    assert standing(*both) == (Deadline(START + 3 * DAY, "UNREFUNDED"),)
    told = passed(Deadline(START + HOUR, "UNPAID"), START + 2 * DAY)
    assert standing(*both, told) == standing(*both)


def test_what_is_on_the_list_already_is_not_told_again() -> None:
    assert raised(decided(ORDER, SENT, passed(UNPAID))) == [("D16", "high", 0, 1_000)]
    assert standing(ORDER, SENT, passed(UNPAID)) == ()
    assert standing(ORDER, SENT, passed(UNPAID), after(captured("P0", 1), DAY * 9)) == ()


def test_what_comes_back_after_it_was_settled_is_told_again() -> None:
    undone = event("PaymentReversed", "reversed", payment_id="P1", amount=1_000)
    again = (ORDER, SENT, passed(UNPAID), after(PAID, 2 * DAY), after(undone, 4 * DAY))
    assert standing(*again) == (Deadline(START + 5 * DAY, "UNPAID"),)


def test_a_deadline_that_came_too_late_does_nothing_and_is_not_told_again() -> None:
    late = decided(ORDER, SENT, PAID, passed(UNPAID))
    assert (late.outcome, late.entries, late.discrepancies) == (Posted(), (), ())
    assert standing(ORDER, SENT, PAID, passed(UNPAID)) == ()


def test_what_waits_counts_from_its_own_arrival() -> None:
    first, second = captured("P1", 300), after(captured("P2", 300), HOUR)
    expected = (Deadline(START + 5 * HOUR, "PARKED", first.event_id), Deadline(START + 6 * HOUR, "PARKED", second.event_id))
    assert standing(first, second) == expected
    assert standing(second, first) == expected
    assert standing(first, second, passed(expected[0])) == expected[1:]


def test_what_goes_on_waiting_for_the_same_is_told_once() -> None:
    for before, waiting in (((), captured("P1", 300)), ((ORDER,), shipped("S1", {"A": "3"})), ((), shipped("S1", {"A": "3"}))):
        due = Deadline(START + 5 * HOUR, "PARKED", waiting.event_id)
        assert due in standing(*before, waiting)
        assert standing(*before, waiting, passed(due), after(event("PaymentFailed", "f", payment_id="P7", amount=1), DAY * 9))[1:] == ()
        assert due not in standing(*before, waiting, passed(due))


def test_what_waits_for_something_else_by_then_has_another_deadline() -> None:
    """On suspense, then beyond the captured money: without a second deadline it would wait for ever."""
    waiting = refunded("R1", [], [tender("T1", 600)])
    first = Deadline(START + 5 * HOUR, "PARKED", waiting.event_id)
    told = (waiting, passed(first), after(ORDER, DAY), after(captured("P1", 500), DAY))
    second = Deadline(START + DAY + 5 * HOUR, "PARKED", waiting.event_id)
    assert standing(*told) == (second, Deadline(START + 3 * DAY, "UNSHIPPED"))
    decision = decided(*told, passed(second))
    assert [one.outcome for one in decision.healed] == [Posted()]
    assert decision.state is not None
    assert decision.state.parked == ()


def test_an_order_that_is_over_or_archived_has_none() -> None:
    over = (ORDER, PAID, SENT)
    assert standing(*over) == ()
    assert standing(*over, after(captured("P9", 1), 731 * DAY)) == ()


def test_limits_are_those_of_the_order_s_policy() -> None:
    """A limit that changes holds for later orders: nothing that is due moves."""
    state = state_after(ORDER, SENT)
    assert standing_deadlines(state, replace(POLICY, unpaid_deadline_days=9)) == (Deadline(START + 9 * DAY, "UNPAID"),)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_deadline_is_judged_once_and_they_come_to_an_end(profile: str) -> None:
    for seed in range(60):
        told = [event_from_json(one) for one in life(profile, seed)]
        events = list(told)
        for _ in range(4 + 4 * len(told)):
            decisions = play(*events, policies=POLICIES)
            state = decisions[-1].state
            if state is None or not (left := standing_deadlines(state, POLICY)):
                break
            assert list(left) == sorted(left)
            deadline = event_from_json(deadline_event(told[0].order_key, left[0], left[0].due_at))
            after_it = decided(*events, deadline)
            assert after_it.outcome == Posted()
            assert after_it.state is not None
            assert after_it.state.last_arrival == state.last_arrival
            assert left[0] not in standing_deadlines(after_it.state, POLICY)
            events.append(deadline)
        else:
            pytest.fail(f"{profile} {seed}: deadlines without end")
