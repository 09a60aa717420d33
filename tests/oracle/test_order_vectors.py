"""The core against an independent calculation of whole order lives: equality, no tolerance.

Entries in order, outcomes, discrepancies raised, balances: each order of the published lives and each worked one."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.figures import Event
from tests.told_by_core import told_by_core

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "orders"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors are not there: {VECTORS}")


def _cases() -> Iterator[tuple[str, list[tuple[int, Event]], dict[str, Any]]]:
    if not VECTORS.is_dir():
        return
    for name in ("calm", "messy", "hostile"):
        expected = [json.loads(text) for text in (VECTORS / f"{name}.expected.jsonl").read_bytes().splitlines()]
        yield from _orders(name, VECTORS / f"{name}.events.jsonl", expected)
    for folder in sorted((VECTORS / "worked").iterdir()):
        yield from _orders(folder.name, folder / "events.jsonl", json.loads((folder / "expected.json").read_bytes()))


def _orders(name: str, path: Path, expected: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[int, Event]], dict[str, Any]]]:
    records: dict[str, list[tuple[int, Event]]] = defaultdict(list)
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        event = json.loads(text)
        records[f"{event['tenant']}:{event['source']}:{event['order_id']}"].append((number, event))
    for order in expected:
        yield f"{name} {order['order_key']}", records[order["order_key"]], order


@pytest.mark.parametrize(("records", "expected"), [pytest.param(records, order, id=name) for name, records, order in _cases()])
def test_an_order_agrees(records: list[tuple[int, Event]], expected: dict[str, Any]) -> None:
    told = told_by_core(records)
    assert told["entries"] == expected["entries"]
    assert told["outcomes"] == expected["outcomes"]
    assert told["discrepancies"] == sorted(expected["discrepancies"])
    assert told["balances"] == expected["balances"]
