"""Whatever stands in a payload, the adapter answers: events that keep to the contract, nothing, or a problem. It never raises."""

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY
from tests.unit.sources.shopify_payloads import item, order, read

PAYLOADS = sorted((Path(__file__).parents[2] / "contract" / "shopify_life").glob("[0-9]-*.json"))
MUTATIONS_PER_PAYLOAD = 250
JUNK: tuple[Any, ...] = (
    *(None, "", 0, -1, True, False, [], {}, [None], [1], {"a": 1}, 1.5, 10**30),
    *("x" * 400, "1e5", "NaN", "12.345", "-3.00", "-0.00", "9" * 18, "\ud800", "US", "JPY"),
    *("2026-01-01T00:00:00", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-12:00"),
)


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all values inside a JSON value."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in children:
        yield (*above, name)
        yield from places(inner, (*above, name))


def mutated(payload: Any, rng: random.Random) -> Any:
    """A copy with one to three values replaced or taken away."""
    copy = json.loads(json.dumps(payload))
    for _ in range(rng.randint(1, 3)):
        *parents, last = rng.choice(list(places(copy)))
        place = copy
        for part in parents:
            place = place[part]
        if isinstance(place, dict) and rng.random() < 0.2:
            del place[last]
        else:
            place[last] = deepcopy(rng.choice(JUNK))
        if not copy:
            break
    return copy


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_mutated_payloads_are_answered(path: Path) -> None:
    payload, rng = json.loads(path.read_text(encoding="utf-8")), random.Random(path.stem)
    answers = []
    for _ in range(MUTATIONS_PER_PAYLOAD):
        result = read(path.stem.split("-", 1)[1].replace("-", "/"), mutated(payload, rng), memory=EMPTY)
        answers.append(type(result))
        for event in result.events if isinstance(result, Judged) else ():
            event_from_json(json.loads(json.dumps(event)))
    assert {Judged, Problem} <= set(answers) <= {Judged, Problem, Nothing}


@pytest.mark.parametrize(
    "payload",
    [
        order(*(item(number, "1.00") for number in range(1, 1_002)), total="1001.00"),
        order(item(1, "99999999999999.00"), total="99999999999999.00"),
    ],
    ids=["1001 lines", "beyond 10^15 minor units"],
)
def test_what_the_contract_cannot_hold_is_a_problem(payload: dict[str, Any]) -> None:
    result = read("orders/create", payload)
    assert isinstance(result, Problem)
    assert result.code == "reject_malformed"
    assert "contract" in result.message
