"""Which numbers of a source an order has seen."""

import pytest

from asiento.accounting.order_state import OrderState


@pytest.mark.parametrize(
    ("number", "next_number", "ahead"),
    [(1, 2, (4, 6, 7, 9)), (2, 2, (4, 6, 7, 9)), (3, 3, (4, 6, 7, 9)), (4, 5, (6, 7, 9)), (6, 8, (9,)), (8, 8, (9,)), (20, 20, ())],
)
def test_a_gap_that_is_given_up_ends_at_the_next_number_not_seen(number: int, next_number: int, ahead: tuple[int, ...]) -> None:
    order = OrderState(1, next_number=2, seen_ahead=(4, 6, 7, 9))
    order.give_up_numbers_below(number)
    assert (order.next_number, order.seen_ahead) == (next_number, ahead)


@pytest.mark.parametrize(
    ("number", "news", "next_number", "ahead"),
    [(1, False, 2, (4,)), (4, False, 2, (4,)), (2, True, 3, (4,)), (3, True, 2, (3, 4)), (6, True, 2, (4, 6)), (7, False, 2, (4,))],
)
def test_a_number_is_seen_once_and_not_too_far_ahead(number: int, news: bool, next_number: int, ahead: tuple[int, ...]) -> None:
    order = OrderState(1, next_number=2, seen_ahead=(4,))
    assert order.see_number(number, 5) is news
    assert (order.next_number, order.seen_ahead) == (next_number, ahead)
