"""The generated lives are worth comparing: they are wide, the same every time, and the oracle's own books hold."""

from collections import Counter

import pytest

from tests.oracle.books import close_books
from tests.oracle.lives import PROFILES, life

LIVES = 60
KINDS = 21
CUSTOMER = {"accounts_receivable": 1, "contract_liability": -1, "refunds_payable": -1}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_seed_gives_one_life(profile: str) -> None:
    assert life(profile, 7) == life(profile, 7)
    assert life(profile, 7) != life(profile, 8)


def test_lives_are_wide() -> None:
    told = [event for profile in PROFILES for seed in range(LIVES) for event in life(profile, seed)]
    assert len({event["type"] for event in told}) == KINDS
    assert {event["currency_exponent"] for event in told if "currency" in event} >= {0, 2, 3, 4}
    for profile in PROFILES:
        orders = [close_books(enumerate(life(profile, seed), 1))[0] for seed in range(LIVES)]
        results = Counter(result[0] for order in orders for result in order["outcomes"].values())
        assert results["posted"] > sum(results.values()) // 2
        assert sum(1 for order in orders if order["entries"]) > LIVES * 3 // 4


@pytest.mark.parametrize("profile", PROFILES)
def test_balances_are_sums_of_the_entries(profile: str) -> None:
    for seed in range(LIVES):
        (order,) = close_books(enumerate(life(profile, seed), 1))
        sums: Counter[str] = Counter()
        for entry in order["entries"]:
            sums.update(entry["postings"])
        assert {name: side * sums[name] for name, side in CUSTOMER.items()} == order["balances"], f"{profile} {seed}"
