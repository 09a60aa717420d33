"""The parts of the sweeper without a broker: events that are the same whoever makes them, a bounded agenda, a clock that goes on."""

from collections.abc import Iterator
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asiento.accounting.order_events import DeadlinePassed
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES, UnknownPolicyVersion
from asiento.accounting.standing_deadlines import Deadline
from schemas.event_messages import message_from_json
from schemas.events import event_from_json
from schemas.order_state import UnknownStateFormat, encode_state
from streams.sweeper.agenda import STALE_MIN, Agenda
from streams.sweeper.deadline_events import deadline_event
from streams.sweeper.forward_clock import ClockSteppedBack, ForwardClock
from streams.sweeper.sweep import Sweep
from tests.order_making import captured
from tests.unit.accounting.playing import last

KEY = "acme:shop:es:1:with:colons"
ABOUT = "0b0a3f2e-0000-4000-8000-000000000001"
DUE = 1_780_000_000_000_000
PARKED = Deadline(DUE, "PARKED", ABOUT)
SECOND = 1_000_000


# Events


def test_the_event_of_a_deadline_is_made_again_the_same_whenever() -> None:
    first, second = (event_from_json(deadline_event(KEY, PARKED, DUE + late)) for late in (0, 5 * SECOND))
    assert isinstance(first, DeadlinePassed)
    assert (first.event_id, first.fingerprint) == (second.event_id, second.fingerprint)
    assert first.received_at != second.received_at
    assert (first.order_key, first.kind, first.due_at, first.occurred_at, first.about_event_id) == (KEY, "PARKED", DUE, DUE, ABOUT)
    name = f"acme|shop:es|1:with:colons|DeadlinePassed|deadline:PARKED:{ABOUT}:{DUE}|0"
    assert first.event_id == str(uuid5(UUID("fb123371-023d-4bc3-94f7-93214ce2e157"), name))
    assert message_from_json(deadline_event(KEY, PARKED, DUE)).key == KEY.encode()


def test_every_part_of_a_deadline_makes_another_event() -> None:
    others = [PARKED._replace(due_at=DUE + 1), PARKED._replace(about_event_id=ABOUT[:-1] + "2"), Deadline(DUE, "UNPAID")]
    ids = {deadline_event(KEY, one, DUE)["event_id"] for one in (PARKED, *others)}
    assert len(ids) == 4
    assert deadline_event("acme:shop:es:2", PARKED, DUE)["event_id"] not in ids


# Agenda

_PUTS = st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 20)), max_size=60)


def deadlines(puts: list[tuple[int, int | None]]) -> Iterator[tuple[bytes, Deadline | None]]:
    for order, due_at in puts:
        yield b"%d" % order, None if due_at is None else Deadline(due_at, "UNPAID")


@given(_PUTS, st.integers(0, 20))
def test_an_agenda_gives_what_is_due_and_the_earliest_first(puts: list[tuple[int, int | None]], now: int) -> None:
    agenda, model = Agenda(10), dict[bytes, Deadline | None]()
    for order_key, deadline in deadlines(puts):
        agenda.put(order_key, deadline)
        model[order_key] = deadline
    expected = {(key, one) for key, one in model.items() if one is not None and one.due_at <= now}
    taken = agenda.take(now, 3) + agenda.take(now, 100)
    assert set(taken) == expected
    assert len(taken) == len(expected)
    assert [one.due_at for _, one in taken] == sorted(one.due_at for _, one in taken)
    assert agenda.take(now, 100) == []


@given(_PUTS, st.integers(1, 5))
def test_a_full_agenda_keeps_the_earliest_and_knows_what_it_lost(puts: list[tuple[int, int | None]], orders_max: int) -> None:
    """Told in rounds, with all read again whenever it says so, nothing is left out and nothing comes before its time."""
    agenda, model = Agenda(orders_max), dict[bytes, Deadline | None]()
    for order_key, deadline in deadlines(puts):
        agenda.put(order_key, deadline)
        model[order_key] = deadline
        assert len(agenda) <= orders_max
    for now in range(21):
        expected = {key for key, one in model.items() if one is not None and one.due_at <= now}
        for _ in range(100):
            if agenda.is_short_sighted(now):
                agenda = Agenda(orders_max)
                for order_key, deadline in model.items():
                    agenda.put(order_key, deadline)
            taken = agenda.take(now, 2)
            assert {key for key, _ in taken} <= expected
            for key, _ in taken:
                model[key] = None
                expected.remove(key)
            if not taken and not agenda.is_short_sighted(now):
                break
        assert expected == set()


def test_replaced_deadlines_do_not_pile_up() -> None:
    agenda = Agenda(10)
    for due_at in range(10 * STALE_MIN):
        agenda.put(b"1", Deadline(due_at, "UNPAID"))
        assert len(agenda._heap) <= STALE_MIN + 3
    assert agenda.take(10 * STALE_MIN, 9) == [(b"1", Deadline(10 * STALE_MIN - 1, "UNPAID"))]


# Sweep


def waiting(*payments: str) -> bytes:
    """The state of an unknown order for which captures wait."""
    state = last(*(captured(payment_id, 100) for payment_id in payments)).state
    assert state is not None
    return encode_state(state)


def sweep(unanswered_max: int = 10) -> Sweep:
    return Sweep(DEFAULT_POLICIES, orders_max=10, unanswered_max=unanswered_max)


LATER = captured("P1", 1).received_at + 72 * 3_600 * SECOND


def test_what_was_told_is_not_told_again_while_its_order_has_not_answered() -> None:
    sweeping = sweep()
    sweeping.learn(b"k", waiting("P1"))
    assert sweeping.take(LATER - 1, 9) == []
    (told,) = sweeping.take(LATER, 9)
    assert told[1].kind == "PARKED"
    sweeping.learn(b"k", waiting("P1"))
    assert (sweeping.take(LATER, 9), sweeping.standing, sweeping.unanswered) == ([], 0, 1)
    sweeping.learn(b"k", waiting("P1", "P2"))
    assert [one.about_event_id for _, one in sweeping.take(LATER, 9)] == [captured("P2", 1).event_id]
    sweeping.learn(b"k", None)
    assert (sweeping.standing, sweeping.unanswered) == (0, 0)


def test_a_new_sweeper_tells_again_what_has_no_answer() -> None:
    first, second = sweep(), sweep()
    for one in (first, second):
        one.learn(b"k", waiting("P1"))
    assert first.take(LATER, 9) == second.take(LATER, 9)


def test_it_waits_for_workers_that_are_behind() -> None:
    sweeping = sweep(unanswered_max=2)
    for key in (b"a", b"b", b"c"):
        sweeping.learn(key, waiting("P1"))
    assert len(sweeping.take(LATER, 9)) == 2
    assert sweeping.take(LATER, 9) == []
    sweeping.learn(b"a", None)
    assert [key for key, _ in sweeping.take(LATER, 9)] == [b"c"]


def test_what_was_told_survives_that_the_rest_is_forgotten() -> None:
    sweeping = sweep()
    sweeping.learn(b"k", waiting("P1"))
    assert len(sweeping.take(LATER, 9)) == 1
    sweeping.forget()
    sweeping.learn(b"k", waiting("P1"))
    assert sweeping.take(LATER, 9) == []


def test_a_state_that_cannot_be_read_stops_it() -> None:
    with pytest.raises(UnknownStateFormat):
        sweep().learn(b"k", b'{"v": 99}')
    with pytest.raises(UnknownPolicyVersion):
        sweep().learn(b"k", encode_state(OrderState(7)))


# Clock


def test_a_clock_that_is_set_back_a_little_stands_still() -> None:
    times = iter([100 * SECOND, 90 * SECOND, 99 * SECOND, 101 * SECOND])
    clock = ForwardClock(lambda: next(times), 10)
    assert [clock() for _ in range(3)] == [100 * SECOND, 100 * SECOND, 101 * SECOND]


def test_a_clock_that_is_set_back_further_ends_the_sweeper() -> None:
    times = iter([100 * SECOND, 89 * SECOND])
    clock = ForwardClock(lambda: next(times), 10)
    with pytest.raises(ClockSteppedBack, match="went back by 11 s"):
        clock()
