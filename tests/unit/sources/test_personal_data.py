"""No personal data passes: a canary planted in any text of a payload comes out of allow-listed fields only."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sources.platforms.door import Judged
from sources.platforms.outcome import Nothing, Problem
from sources.platforms.snapshot import EMPTY, encode_snapshot
from tests.unit.sources.shopify_payloads import read

PAYLOADS = sorted((Path(__file__).parents[2] / "contract" / "shopify_life").glob("[0-9]-*.json"))
CANARY = "Canary.Jane-4711"
SPELLED = "canary_jane_4711"
"""The canary as an account qualifier would spell it."""
ALLOWED = (
    re.compile(r"/line_items/\d+/(sku|title)"),
    re.compile(r"(/line_items/\d+|/shipping_lines/\d+)/tax_lines/\d+/title"),
    re.compile(r"/discount_applications/\d+/code"),
    re.compile(r"(/transactions/\d+)?/(gateway|authorization)"),
)
"""What may come out: product, tax and discount names, the gateway and its own id of a payment."""


def texts(value: Any, pointer: str = "") -> Iterator[str]:
    """Pointers of all texts in a JSON value."""
    if isinstance(value, str):
        yield pointer
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(inner, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{pointer}/{index}")


def planted(payload: dict[str, Any], pointer: str) -> dict[str, Any]:
    """A copy of the payload with the canary at one place."""
    copy: Any = json.loads(json.dumps(payload))
    place = copy
    *parents, last = [int(part) if part.isdigit() else part for part in pointer.split("/")[1:]]
    for part in parents:
        place = place[part]
    place[last] = CANARY
    assert isinstance(copy, dict)
    return copy


def everything_said(topic: str, payload: dict[str, Any]) -> str:
    """All that leaves the adapter about a payload: events, memory, notices, problems."""
    match read(topic, payload, memory=EMPTY):
        case Judged() as result:
            return json.dumps([result.events, result.notices, encode_snapshot(result.snapshot).decode()])
        case Problem() as problem:
            return problem.message
        case Nothing() as nothing:
            return nothing.reason


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_canary_comes_out_of_allowed_fields_only(path: Path) -> None:
    topic = path.stem.split("-", 1)[1].replace("-", "/")
    payload = json.loads(path.read_text(encoding="utf-8"))
    leaking = {pointer for pointer in texts(payload) if SPELLED in _folded(topic, payload, pointer)}
    forbidden = {pointer for pointer in leaking if not any(pattern.fullmatch(pointer) for pattern in ALLOWED)}
    assert forbidden == set()


def _folded(topic: str, payload: dict[str, Any], pointer: str) -> str:
    """What is said with the canary at this place, in the spelling of account qualifiers."""
    return re.sub(r"[^a-z0-9]+", "_", everything_said(topic, planted(payload, pointer)).lower())


def test_the_canary_would_be_seen() -> None:
    payload = json.loads(PAYLOADS[0].read_text(encoding="utf-8"))
    assert SPELLED in _folded("orders/create", payload, "/line_items/0/sku")


def test_a_title_typed_by_hand_does_not_pass() -> None:
    payload = json.loads(PAYLOADS[0].read_text(encoding="utf-8"))
    payload["line_items"][0] |= {"title": CANARY, "product_id": None}
    payload["discount_applications"][0] = {"type": "manual", "title": CANARY, "description": CANARY, "allocation_method": "across"}
    assert CANARY not in everything_said("orders/create", payload)
