"""The oracle against the published calculation: 328 orders, equality, no tolerance."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.books import close_books
from tests.oracle.figures import Event

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "orders"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors are not there: {VECTORS}")


def _read(path: Path) -> list[tuple[int, Event]]:
    return [(number, json.loads(text)) for number, text in enumerate(path.read_bytes().splitlines(), 1)]


def _cases() -> Iterator[tuple[str, list[tuple[int, Event]], list[dict[str, Any]]]]:
    for name in ("calm", "messy", "hostile"):
        expected = [json.loads(text) for text in (VECTORS / f"{name}.expected.jsonl").read_bytes().splitlines()]
        yield name, _read(VECTORS / f"{name}.events.jsonl"), expected
    for folder in sorted((VECTORS / "worked").iterdir()):
        yield folder.name, _read(folder / "events.jsonl"), json.loads((folder / "expected.json").read_bytes())


def test_published_orders_agree() -> None:
    compared = 0
    for name, events, expected in _cases():
        ours = close_books(events)
        assert [one["order_key"] for one in ours] == [one["order_key"] for one in expected]
        for one, theirs in zip(ours, expected, strict=True):
            for part in ("outcomes", "entries", "balances"):
                assert one[part] == theirs[part], f"{name} {one['order_key']} {part}"
            assert one["discrepancies"] == sorted(theirs["discrepancies"]), f"{name} {one['order_key']}"
            compared += 1
    assert compared == 328
