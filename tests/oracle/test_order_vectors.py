"""The core against an independent calculation of whole order lives: equality, no tolerance.

Entries in order, outcomes, discrepancies raised, balances: each order of the published lives and each worked one."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Conflict, Deferred, Outcome, Rejected
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.events import parse_event_json
from schemas.order_state import decode_state, encode_state
from schemas.refusal import Refusal

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "orders"

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason=f"the vectors are not there: {VECTORS}")


@dataclass
class Life:
    """What our core says about one order."""

    state: OrderState | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    outcomes: dict[str, list[str]] = field(default_factory=dict)
    discrepancies: set[tuple[str, str]] = field(default_factory=set)


def _result(outcome: Outcome) -> list[str]:
    name = type(outcome).__name__.lower()
    return [name, outcome.code] if isinstance(outcome, Conflict | Deferred | Rejected) else [name]


def _row(entry: JournalEntry) -> dict[str, Any]:
    postings: Counter[str] = Counter()
    for posting in entry.postings:
        postings[posting.account] += posting.amount if posting.side == "DEBIT" else -posting.amount
    return {
        "event_id": entry.event_id,
        "entry_kind": entry.entry_kind,
        "part": entry.part,
        "currency": entry.currency,
        "postings": dict(postings),
    }


def _live(records: list[tuple[int, bytes]]) -> Life:
    """Run one order, its state through the codec after every event."""
    life = Life()
    waiting: dict[str, str] = {}
    for number, text in records:
        event = parse_event_json(text)
        assert not isinstance(event, Refusal), f"line {number}: {event}"
        decision = decide(event, life.state, DEFAULT_POLICIES)
        life.state = decode_state(encode_state(decision.state)) if decision.state is not None else None
        assert life.state == decision.state
        life.outcomes[str(number)] = _result(decision.outcome)
        if isinstance(decision.outcome, Deferred):
            waiting[event.event_id] = str(number)
        for healed in decision.healed:
            life.outcomes[waiting[healed.event_id]] = _result(healed.outcome)
        life.entries.extend(_row(entry) for entry in decision.entries)
        life.discrepancies.update((one.code, str(one.event_id)) for one in decision.discrepancies)
    return life


def _cases() -> Iterator[tuple[str, list[tuple[int, bytes]], dict[str, Any]]]:
    if not VECTORS.is_dir():
        return
    for name in ("calm", "messy", "hostile"):
        expected = [json.loads(text) for text in (VECTORS / f"{name}.expected.jsonl").read_bytes().splitlines()]
        yield from _orders(name, VECTORS / f"{name}.events.jsonl", expected)
    for folder in sorted((VECTORS / "worked").iterdir()):
        yield from _orders(folder.name, folder / "events.jsonl", json.loads((folder / "expected.json").read_bytes()))


def _orders(name: str, path: Path, expected: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[int, bytes]], dict[str, Any]]]:
    records: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
    for number, text in enumerate(path.read_bytes().splitlines(), 1):
        event = json.loads(text)
        records[f"{event['tenant']}:{event['source']}:{event['order_id']}"].append((number, text))
    for order in expected:
        yield f"{name} {order['order_key']}", records[order["order_key"]], order


@pytest.mark.parametrize(("records", "expected"), [pytest.param(records, order, id=name) for name, records, order in _cases()])
def test_an_order_agrees(records: list[tuple[int, bytes]], expected: dict[str, Any]) -> None:
    life = _live(records)
    assert life.entries == expected["entries"]
    assert life.outcomes == expected["outcomes"]
    assert life.discrepancies == {tuple(one) for one in expected["discrepancies"]}
    balances = life.state.balances() if life.state is not None else None
    ours = dict.fromkeys(expected["balances"], 0) if balances is None else {key: getattr(balances, key) for key in expected["balances"]}
    assert ours == expected["balances"]
