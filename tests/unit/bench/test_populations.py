"""Inputs with many open orders."""

from collections import Counter
from itertools import islice

from bench.populations import Population
from bench.prefill import day_templates

DAY = day_templates(1, 12)
LIVES = len({template.message.key for template in DAY.templates})


def keys(orders: int, count: int, *, skewed: bool) -> list[bytes]:
    """The orders of the events, in their order."""
    return [event.key for event in Population(DAY, orders).events(7, count, skewed=skewed)]


def test_every_order_is_placed_before_any_goes_on() -> None:
    for skewed in (False, True):
        found = keys(50, 80, skewed=skewed)
        assert len(set(found[:50])) == 50
        assert set(found[50:]) <= set(found[:50])
        assert len(found) == 80


def test_the_same_arguments_give_the_same_events() -> None:
    assert keys(50, 80, skewed=True) == keys(50, 80, skewed=True)
    assert keys(50, 80, skewed=True) != keys(50, 80, skewed=False)


def test_skewed_prefers_few_orders() -> None:
    few = Counter(islice(keys(400, 600, skewed=True), 400, None)), Counter(islice(keys(400, 600, skewed=False), 400, None))
    assert len(few[0]) < len(few[1])


def test_lives_are_told_to_their_end_and_no_event_twice() -> None:
    for skewed in (False, True):
        events = list(Population(DAY, LIVES).events(7, 10_000, skewed=skewed))
        assert len(events) == len(DAY.templates)
        assert sorted(event.value for event in events) == sorted(DAY.copy(template, 0).value for template in DAY.templates)
