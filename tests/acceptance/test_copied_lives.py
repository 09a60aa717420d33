"""Renaming a life and judging it may be exchanged."""

from typing import cast

import pytest

from schemas.events import decode_to_json
from tests.acceptance.copied_lives import Arrivals, Order, Template, judged, templates
from tests.oracle.figures import Event
from tests.told_by_core import told_by_core

pytestmark = pytest.mark.slow

LIVES = 15


@pytest.fixture(scope="module")
def found() -> tuple[Template, ...]:
    return templates(1, LIVES)


def events_of(order: Order) -> list[Event]:
    """The messages of a copy as JSON twins."""
    return [cast(Event, decode_to_json(order.value(number))) for number in range(len(order.template.values))]


def test_what_is_said_of_a_copy_is_what_the_oracle_says_of_it(found: tuple[Template, ...]) -> None:
    for copy, template in enumerate(found, 1):
        order = Order(template, copy)
        events = events_of(order)
        again = judged(events)
        assert (again.key, again.values, again.verdicts) == (order.key, tuple(map(order.value, range(len(events)))), template.verdicts)
        assert (again.entries, again.discrepancies) == (order.entries(), order.discrepancies())


def test_copies_share_no_name(found: tuple[Template, ...]) -> None:
    entries = [one.entry_id for template in found for copy in (0, 1, 999) for one in Order(template, copy).entries()]
    assert len(set(entries)) == len(entries)
    assert len({Order(template, copy).key for template in found for copy in range(5)}) == 5 * len(found)


def test_each_order_s_events_arrive_once_in_their_order_and_to_the_last(found: tuple[Template, ...]) -> None:
    arrivals = Arrivals(found, 3)
    told = [arrivals.next() for _ in range(3_000)]
    arrived: dict[bytes, list[int]] = {}
    wanted: dict[bytes, int] = {}
    for order, number in (*told, *arrivals.rest()):
        arrived.setdefault(order.key, []).append(number)
        wanted[order.key] = len(order.template.values)
    assert {key: list(range(length)) for key, length in wanted.items()} == arrived


def test_the_core_agrees_on_copies(found: tuple[Template, ...]) -> None:
    """What the run compares with is right before anything is killed."""
    for template in found:
        order = Order(template, 7)
        told = told_by_core(enumerate(events_of(order)))
        assert tuple((said[0], said[1] if len(said) > 1 else None) for said in told["outcomes"].values()) == template.verdicts, (
            template.order_id
        )
