"""Trials in a real forked child: every way to die is seen, and the parent is none the worse."""

import os
import signal
import time
from collections.abc import Callable

import pytest

from streams.engine.processor import RangeTooLarge
from streams.engine.trial import outcome_of_trial


def _raises() -> None:
    raise MemoryError


def _too_large() -> None:
    raise RangeTooLarge


def _exits() -> None:
    raise SystemExit(0)


def _crashes() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _loops() -> None:
    while True:
        time.sleep(1)


@pytest.mark.parametrize(
    ("judge", "outcome"),
    [
        (lambda: None, None),
        (_too_large, None),
        (_raises, "it raised an exception"),
        (_exits, "it raised an exception"),
        (_crashes, "it died of SIGSEGV"),
        (_loops, "it had not ended after 0.2 s"),
    ],
)
async def test_outcome_of_a_trial(judge: Callable[[], object], outcome: str | None) -> None:
    seconds = 0.2 if judge is _loops else 60
    assert await outcome_of_trial(judge, seconds) == outcome
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # no child is left


async def test_what_the_child_changes_stays_in_the_child() -> None:
    changed: list[int] = []
    assert await outcome_of_trial(lambda: changed.append(1), 60) is None
    assert changed == []


async def test_no_child_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that can fork no more has said nothing against a record."""

    def no_fork() -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", no_fork)
    assert await outcome_of_trial(_raises, 60) is None
