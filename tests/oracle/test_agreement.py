"""The core against the oracle over generated lives: equality, no tolerance. A failure names profile and seed."""

import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
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
from tests.oracle.books import close_books
from tests.oracle.figures import Event
from tests.oracle.lives import PROFILES, life

ONCE_DIFFERED = Path(__file__).parent / "once_differed"
LIVES = 100
SOAK_LIVES = 100_000
SOAK_PROCESSES = 2
CHUNK = 250
FAILURES_MAX = 20


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


def told_by_core(events: list[Event]) -> dict[str, Any]:
    """What the core says about one order, its state through the codec after every event."""
    state: OrderState | None = None
    entries: list[dict[str, Any]] = []
    outcomes: dict[str, list[str]] = {}
    discrepancies: set[tuple[str, str]] = set()
    waiting: dict[str, str] = {}
    for number, told in enumerate(events, 1):
        event = parse_event_json(json.dumps(told).encode())
        assert not isinstance(event, Refusal), f"record {number}: {event}"
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decode_state(encode_state(decision.state)) if decision.state is not None else None
        assert state == decision.state, f"record {number}: the codec loses something"
        outcomes[str(number)] = _result(decision.outcome)
        if isinstance(decision.outcome, Deferred):
            waiting[str(event.event_id)] = str(number)
        for healed in decision.healed:
            outcomes[waiting[str(healed.event_id)]] = _result(healed.outcome)
        entries.extend(_row(entry) for entry in decision.entries)
        discrepancies.update((one.code, str(one.event_id)) for one in decision.discrepancies)
    balances = state.balances() if state is not None else None
    names = ("accounts_receivable", "contract_liability", "refunds_payable")
    return {
        "entries": entries,
        "outcomes": outcomes,
        "discrepancies": sorted([code, event_id] for code, event_id in discrepancies),
        "balances": {name: getattr(balances, name) if balances is not None else 0 for name in names},
    }


def difference(events: list[Event]) -> str | None:
    """The first thing that core and oracle say differently about the events of one order."""
    (ours,) = close_books(enumerate(events, 1))
    theirs = told_by_core(events)
    for part in ("outcomes", "entries", "discrepancies", "balances"):
        if ours[part] != theirs[part]:
            return f"{part}: {_first(ours[part], theirs[part])}"
    return None


def _first(ours: Any, theirs: Any) -> str:
    if isinstance(ours, dict):
        name = next(name for name in [*ours, *theirs] if ours.get(name) != theirs.get(name))
        return f"{name}: oracle {ours.get(name)}, core {theirs.get(name)}"
    place = next((place for place, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
    return f"[{place}]: oracle {ours[place : place + 1]}, core {theirs[place : place + 1]}"


@pytest.mark.parametrize("profile", PROFILES)
def test_lives_agree(profile: str) -> None:
    for seed in range(LIVES):
        found = difference(life(profile, seed))
        assert found is None, f"{profile} {seed}: {found}"


@pytest.mark.parametrize("path", sorted(ONCE_DIFFERED.glob("*.jsonl")), ids=lambda path: path.stem)
def test_what_once_differed_agrees(path: Path) -> None:
    """The smallest lives of differences that were found; whoever was wrong was mended."""
    assert difference([json.loads(text) for text in path.read_bytes().splitlines()]) is None


def _compare(chunk: tuple[str, int]) -> list[str]:
    profile, first = chunk
    found = ((seed, difference(life(profile, seed))) for seed in range(first, first + CHUNK))
    return [f"{profile} {seed}: {text}" for seed, text in found if text is not None]


@pytest.mark.soak
@pytest.mark.timeout(10_800)
def test_many_lives_agree() -> None:
    """Names every life that differs: profile, seed, and the first difference; gives up after a few."""
    chunks = [(profile, first) for first in range(LIVES, LIVES + SOAK_LIVES // len(PROFILES), CHUNK) for profile in PROFILES]
    failures: list[str] = []
    with ProcessPoolExecutor(SOAK_PROCESSES) as workers:
        for lines in workers.map(_compare, chunks):
            failures += lines
            if len(failures) >= FAILURES_MAX:
                workers.shutdown(cancel_futures=True)
                break
    assert not failures, "\n".join(failures)
