"""Whatever stands in a payload, the adapter answers: events that keep to the contract, nothing, or a problem. It never raises."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from schemas.events import event_from_json
from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY
from tests.unit.sources.payload_mutations import mutated
from tests.unit.sources.shopify_payloads import item, order, read

PAYLOADS = sorted((Path(__file__).parents[2] / "contract" / "shopify_life").glob("[0-9]-*.json"))
MUTATIONS_PER_PAYLOAD = 250


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
