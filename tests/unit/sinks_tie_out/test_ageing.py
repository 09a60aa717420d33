"""How old a balance is: first in, first out, by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.tie_out.ageing import overdue, standing_balances
from sinks.tie_out.totals import CellKey, Movement

START = date(2025, 6, 1)
TODAY = date(2025, 6, 30)


def cells(account: str, *moved: tuple[int, int], entity: str = "MX01") -> dict[CellKey, Movement]:
    """(debits, credits) day by day from `START`."""
    return {
        (entity, (START + timedelta(days=at)).isoformat(), account, "MXN"): Movement(debits, paid, 2)
        for at, (debits, paid) in enumerate(moved)
    }


@pytest.mark.parametrize(
    ("moved", "balance", "oldest"),
    [
        (((100, 0), (50, 0)), 150, "2025-06-01"),
        (((100, 0), (50, 100)), 50, "2025-06-02"),
        (((100, 0), (50, 99)), 51, "2025-06-01"),
        (((100, 100), (0, 0)), 0, None),
        (((0, 30), (20, 0), (0, 40)), -50, "2025-06-01"),
        (((0, 30), (30, 0), (0, 40)), -40, "2025-06-03"),
    ],
)
def test_what_came_first_is_used_first(moved: tuple[tuple[int, int], ...], balance: int, oldest: str | None) -> None:
    (found,) = standing_balances(cells("psp_clearing:stripe", *moved))
    assert (found.balance, found.oldest_day) == (balance, oldest)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_the_oldest_day_is_that_of_a_queue(moved: list[tuple[int, int]]) -> None:
    """By brute force: units in a queue, each with its day; within a day what comes goes first into the queue."""
    queue: list[tuple[int, int]] = []  # (day, sign)
    for at, (debits, paid) in enumerate(moved):
        for sign, count in ((1, debits), (-1, paid)):
            for _ in range(count):
                if queue and queue[0][1] != sign:
                    queue.pop(0)
                else:
                    queue.append((at, sign))
    (found,) = standing_balances(cells("suspense:unknown_order", *moved))
    assert found.balance == sum(sign for _, sign in queue)
    assert found.oldest_day == ((START + timedelta(days=queue[0][0])).isoformat() if queue else None)


def test_other_accounts_are_not_looked_at_and_entities_stand_apart() -> None:
    found = standing_balances(
        {**cells("revenue:sales", (0, 5)), **cells("suspense:a", (5, 0)), **cells("suspense:a", (0, 7), entity="ES01")}
    )
    assert [(one.legal_entity, one.balance) for one in found] == [("ES01", -7), ("MX01", 5)]


def test_only_roles_with_a_limit_are_called_over() -> None:
    standing = standing_balances({**cells("psp_clearing:a", (5, 0)), **cells("suspense:unknown_order", *[(0, 0)] * 29, (3, 0))})
    assert [one.standing.account for one in overdue(standing, {"suspense": 0}, TODAY)] == ["suspense:unknown_order"]
    assert overdue(standing, {"psp_clearing": 30}, TODAY) == ()
    (found,) = overdue(standing, {"psp_clearing": 29}, TODAY)
    assert (found.reason, found.days, found.days_max) == ("too_old", 29, 29)


def test_a_balance_on_the_wrong_side_is_called_over_whatever_its_age() -> None:
    standing = standing_balances(cells("contract_liability", (5, 0)))
    (found,) = overdue(standing, {"contract_liability": 10_000}, TODAY)
    assert found.reason == "wrong_sign"
    assert overdue(standing_balances(cells("contract_liability", (0, 5))), {"contract_liability": 10_000}, TODAY) == ()


def test_a_day_that_is_none_has_no_age() -> None:
    (found,) = standing_balances({("MX01", "someday", "suspense:x", "MXN"): Movement(5, 0, 1)})
    assert found.age_days(TODAY) == 0
