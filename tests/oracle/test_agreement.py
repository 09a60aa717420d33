"""The core against the oracle over generated lives: equality, no tolerance. A failure names profile and seed."""

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.books import close_books
from tests.oracle.figures import Event
from tests.oracle.lives import PROFILES, life
from tests.told_by_core import told_by_core

ONCE_DIFFERED = Path(__file__).parent / "once_differed"
LIVES = 100
SOAK_LIVES = 100_000
SOAK_PROCESSES = 2
CHUNK = 250
FAILURES_MAX = 20


def difference(events: list[Event]) -> str | None:
    """The first thing that core and oracle say differently about the events of one order."""
    (ours,) = close_books(enumerate(events, 1))
    theirs = told_by_core(enumerate(events, 1))
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
