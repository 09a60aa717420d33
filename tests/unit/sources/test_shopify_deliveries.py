"""Payloads of whole lives in any order, twice, mixed with each other: the same balances, and the same ids when they are read again."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from sources.platforms.outcome import EventTwin
from sources.platforms.shopify.adapter import ADAPTER
from sources.platforms.snapshot import Snapshot
from tests.unit.sources.deliveries import SEEDS, Balances, Delivery, Played, booked, books_of, interleaved, play, shuffled
from tests.unit.sources.shopify_lives import LIVES, Life

SOURCE: Final = "shopify:main"
NUMBERS: Final = {name: 10_000 * (1 + number) for number, name in enumerate(LIVES)}
CALLED_BACK: Final = f"shipment:{NUMBERS['recalled'] + 2}"
IN_ITS_PLACE: Final = f"shipment:{NUMBERS['recalled'] + 3}"
WRITTEN: Final = Path(__file__).parents[2] / "contract" / "shopify_life"


def played(deliveries: Life, memory: Mapping[str, Snapshot] | None = None) -> Played:
    found = play(ADAPTER, deliveries, source=SOURCE, received_at=datetime(2026, 4, 1, tzinfo=UTC), memory=memory)
    assert found.problems == []
    return found


def expected(*names: str) -> Balances:
    return {f"acme:{SOURCE}:{NUMBERS[name]}": dict(LIVES[name][1]) for name in names}


def written() -> Life:
    """The life that stands beside the contract tests, as files."""
    files = sorted(WRITTEN.glob("[0-9]-*.json"))
    return [Delivery(path.stem.split("-", 1)[1].replace("-", "/"), json.loads(path.read_text(encoding="utf-8"))) for path in files]


def left_waiting(events: Sequence[EventTwin]) -> list[tuple[str, str, str]]:
    """What goes on waiting: a parcel that was told as dispatched only when the one in its place had taken its units.

    It has no units to ship then, and its cancellation no shipment to take back. One whose cancellation came first is never told.
    """
    dispatched = [event["business_key"] for event in events if event["type"] == "ShipmentDispatched"]
    if CALLED_BACK not in dispatched or dispatched.index(CALLED_BACK) < dispatched.index(IN_ITS_PLACE):
        return []
    return [("ShipmentDispatched", CALLED_BACK, "D11"), ("ShipmentCancelled", f"{CALLED_BACK}:cancelled", "D27")]


@pytest.mark.parametrize("name", LIVES)
def test_a_life_in_order(name: str) -> None:
    assert booked(played(LIVES[name][0](NUMBERS[name])).events) == expected(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_ends_alike(seed: int) -> None:
    lives = {name: life(NUMBERS[name]) for name, (life, _) in LIVES.items()}
    # An edit's refund without money must come before the money: in a mess its own deliveries keep their order.
    in_order = interleaved([lives.pop("edited")], seed)
    deliveries = interleaved([shuffled([*lives.values()], seed), in_order] if seed % 2 else [*lives.values(), in_order], seed)
    told = played(deliveries)
    books = books_of(told.events)
    assert books.balances == dict(sorted(expected(*LIVES).items()))
    assert (books.waiting, books.refused) == (left_waiting(told.events), [])
    if seed % 5 == 0:
        assert played(deliveries).events == told.events
        assert played(deliveries, memory=told.memory).events == []


def _of_recalled(*names: str) -> Life:
    """The named deliveries of that life: the order, both parcels as dispatched, the first one's end, the order with both inside."""
    placed, inside, _, first, ended, second = LIVES["recalled"][0](NUMBERS["recalled"])
    return [{"placed": placed, "inside": inside, "first": first, "ended": ended, "second": second}[name] for name in names]


def test_a_parcel_that_ended_before_it_was_told_is_never_told() -> None:
    for come in (("placed", "second", "ended", "first"), ("inside", "placed", "first", "ended"), ("first", "ended", "second", "placed")):
        books = books_of(played(_of_recalled(*come)).events)
        assert (books.waiting, books.refused) == ([], []), come


def test_a_parcel_that_is_told_after_the_one_in_its_place_waits_with_its_end() -> None:
    told = played(_of_recalled("placed", "second", "first", "ended", "inside"))
    assert books_of(told.events).waiting == left_waiting(told.events) != []
    assert books_of(told.events).balances == books_of(played(_of_recalled("placed", "first", "ended", "second")).events).balances


@pytest.mark.parametrize("seed", SEEDS)
def test_the_written_life_ends_alike(seed: int) -> None:
    trial_balance = json.loads((WRITTEN / "expected.json").read_text(encoding="utf-8"))["trial_balance"]["EUR"]
    # A refund that is booked before all captures are known finds less of the customer's money: those come first.
    deliveries = sorted(shuffled([written()], seed), key=lambda each: each.topic != "order_transactions/create")
    told = played(deliveries)
    (balances,) = booked(told.events).values()
    assert balances == {name: amount for name, amount in trial_balance.items() if amount}
    assert played(deliveries).events == told.events
