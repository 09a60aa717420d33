"""Edits and exchanges: which are too late, which ask for what is not there."""

import pytest

from asiento.accounting.decision import Ignored, Outcome, Posted, Rejected
from asiento.accounting.order_events import OrderEvent
from tests.order_making import Json, cancelled, event, line, placed, shipped
from tests.unit.accounting.playing import last, play

ORDER = placed(line("A", 2_000, "2"))


def edited(revision: int, *lines: Json, label: str = "", **fields: object) -> OrderEvent:
    """OrderEdited without order-level discount whose total is what its lines add up to."""
    total = sum(int(one["gross"]) - int(one["discount"]) for one in lines)
    stated = {"order_revision": revision, "lines": list(lines), "order_discounts": [], "total": total}
    return event("OrderEdited", label or f"edit:{revision}", **(stated | fields))


@pytest.mark.parametrize(
    ("revision", "outcome"), [(1, Ignored("stale_edit")), (2, Ignored("stale_edit")), (3, Posted())], ids=["lower", "same", "higher"]
)
def test_an_edit_that_is_not_above_the_last_one_is_stale(revision: int, outcome: Outcome) -> None:
    decisions = play(ORDER, edited(2, line("A", 3_000, "3")), edited(revision, line("A", 1_000, "1"), label="late"))
    assert decisions[-1].outcome == outcome
    state = decisions[-1].state
    assert state is not None
    assert state.totals.agreed == (1_000 if outcome == Posted() else 3_000)


def test_the_first_edit_may_have_any_revision() -> None:
    assert last(ORDER, edited(0, line("A", 1_000, "1"))).outcome == Posted()


def test_an_edit_below_what_was_taken_is_rejected() -> None:
    taken = (ORDER, shipped("S1", {"A": "1"}), cancelled({"A": "1"}))
    assert last(*taken, edited(1, line("A", 2_000, "2"))).outcome == Posted()
    assert last(*taken, edited(1, line("A", 2_000, "1.5"))).outcome == Rejected("D11")
    assert last(*taken, edited(1, line("A", 1_999, "2"))).outcome == Rejected("D11")
    assert last(*taken, edited(1, line("B", 500))).outcome == Rejected("D11")


def exchanged(exchange_id: str, gross: int, total: int) -> OrderEvent:
    """ExchangeCreated of one line named like it."""
    return event("ExchangeCreated", exchange_id, exchange_id=exchange_id, lines=[line(exchange_id, gross)], total_added=total)


def test_the_roundings_of_an_order_and_of_its_exchanges_add_up() -> None:
    order = placed(line("A", 1_000), total=1_001)
    state = last(order, exchanged("X", 100, 101), exchanged("Y", 50, 51)).state
    assert state is not None
    assert state.lines["asiento:rounding"].agreed[0] == 1 + 1 + 1
    assert state.totals.agreed == 1_001 + 101 + 51


def test_a_line_of_which_something_was_taken_keeps_its_kind() -> None:
    other = edited(1, line("A", 2_000, "2", kind="SERVICE"))
    assert last(ORDER, shipped("S1", {"A": "1"}), other).outcome == Rejected("D06")
