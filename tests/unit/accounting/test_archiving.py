"""An order that is over and was silent for long is archived: nothing that comes later is booked."""

from dataclasses import replace

import pytest

from asiento.accounting.decision import Decision, Ignored, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.policy import Policy, PolicyBook
from tests.order_making import back, captured, event, line, placed, refunded, shipped, tender
from tests.unit.accounting.playing import chargeback, deadline, play

DAY = 86_400
SECOND = 1_000_000
THREE_DAYS = PolicyBook(((0, Policy(archive_after_days=3)),))

ORDER, SENT, PAID = placed(line("A", 1_000, "2")), shipped("S1", {"A": "2"}), captured("P1", 1_000)
OVER = (ORDER, SENT, PAID)


def after(event: OrderEvent, seconds: int) -> OrderEvent:
    """The event, arriving so long after the others."""
    return replace(event, received_at=ORDER.received_at + seconds * SECOND)


def late(*before: OrderEvent, seconds: int = 3 * DAY + 1) -> Decision:
    """A capture that comes after a long silence."""
    return play(*before, after(captured("P9", 1), seconds), policies=THREE_DAYS)[-1]


def test_an_order_that_is_over_takes_events_until_it_was_silent_for_long() -> None:
    assert late(*OVER, seconds=3 * DAY).outcome == Posted()
    decision = late(*OVER)
    assert (decision.outcome, decision.entries) == (Rejected("order_archived"), ())
    assert [(one.code, one.severity) for one in decision.discrepancies] == [("order_archived", "high")]


def test_the_silence_begins_with_the_latest_arrival() -> None:
    news = after(event("ShipmentDelivered", "delivered:S1", shipment_id="S1"), 2 * DAY)
    assert late(*OVER, news, seconds=5 * DAY).outcome == Posted()
    assert late(*OVER, news, seconds=5 * DAY + 1).outcome == Rejected("order_archived")
    assert late(*OVER, news, after(captured("P2", 1, label="P2"), DAY), seconds=5 * DAY).outcome == Posted()


def test_a_deadline_is_no_arrival() -> None:
    """When the sweeper looked at its clock must not decide about what comes later."""
    assert late(*OVER, after(deadline("UNPAID"), 2 * DAY)).outcome == Rejected("order_archived")


def test_duplicates_do_not_break_the_silence() -> None:
    assert late(*OVER, after(PAID, 2 * DAY)).outcome == Rejected("order_archived")


def test_a_tombstone_is_all_that_is_kept() -> None:
    first, second = play(*OVER, *(after(captured(name, 1), 4 * DAY) for name in ("P8", "P9")), policies=THREE_DAYS)[-2:]
    state = first.state
    assert state is not None
    assert (state.archived, state.policy_version, state.last_arrival) == (True, 1, ORDER.received_at // SECOND)
    assert (state.placement, state.lines, state.payments, len(state.facts)) == (None, {}, {}, 0)
    assert (second.outcome, second.state) == (Rejected("order_archived"), state)


def test_a_tombstone_takes_nothing_however_soon() -> None:
    buried = after(captured("P8", 1), 4 * DAY)
    assert play(*OVER, buried, SENT, policies=THREE_DAYS)[-1].outcome == Rejected("order_archived")


def test_a_test_record_is_ignored_before_the_order_is_found_archived() -> None:
    decision = play(*OVER, after(captured("P9", 1, test_mode=True), 9 * DAY), policies=THREE_DAYS)[-1]
    assert decision.outcome == Ignored("test_mode")
    assert decision.state is not None
    assert not decision.state.archived


FOREIGN = captured("P0", 5, currency="USD")
PENDING = refunded("R1", [back("A", "1")], [tender("T1", 500, "PENDING")])


@pytest.mark.parametrize(
    "before",
    [
        (ORDER,),
        (ORDER, PAID),
        (ORDER, SENT),
        (ORDER, shipped("S1", {"A": "1"}), captured("P1", 500)),
        (placed(line("A", 0)),),
        (*OVER, PENDING),
        (*OVER, refunded("R1", [back("A", "1")], [])),
        (*OVER, chargeback("D1", 400)),
        (*OVER, shipped("S2", {"A": "1"})),
        (captured("P1", 5),),
        (FOREIGN, deadline("PARKED", FOREIGN), *OVER),
    ],
    ids=["new", "paid", "sent", "half", "free units open", "pending", "owed", "disputed", "waits", "unknown", "on suspense"],
)
def test_an_order_that_is_not_over_is_never_archived(before: tuple[OrderEvent, ...]) -> None:
    outcome = late(*before, seconds=4_000 * DAY).outcome
    assert outcome != Rejected("order_archived")
