"""The heartbeat: a main loop that stands still becomes a reason."""

import asyncio

import pytest

from asiento.runtime.health import Heartbeat


async def test_a_moving_loop_gives_no_reason_and_a_still_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("asiento.runtime.health.time.monotonic", lambda: now[0])
    heartbeat = Heartbeat(seconds_max=30)
    heartbeat.attach(asyncio.get_running_loop())
    now[0] += 30
    assert heartbeat.reasons() == ()
    now[0] += 1
    assert heartbeat.reasons() == ("the event loop has stood still for 31 s (limit 30 s)",)
    heartbeat.attach(asyncio.get_running_loop())
    assert heartbeat.reasons() == ()
