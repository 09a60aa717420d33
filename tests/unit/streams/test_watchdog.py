"""A worker that does not move ends itself: stuck awaits are seen by a task, stuck loops by a thread."""

import signal
import subprocess
import sys

import pytest

from streams.engine.failure import ExitCode

PROGRAM = """
import asyncio, time
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from streams.engine.watchdog import Watchdog
from tests.unit.streams.offline_engine import Offline
configure_logging(load_settings({"log_format": "json"}), "streams")

async def main():
    offline = await Offline().ready()
    dog = Watchdog(offline.engine, seconds_max=0.5, tick_seconds=0.05)
    dog.start()
    watching = asyncio.create_task(dog.watch_chunks())
    STUCK
    await asyncio.sleep(30)

asyncio.run(main())
"""
STUCK_AWAIT = "offline.producer(0).may_commit.clear(); await offline.slots.accept(offline.chunk(0, 2), offline.consumer.give_back)"
STUCK_RECOVERY = "offline.engine.on_assigned([0])"
STUCK_LOOP = "await asyncio.sleep(0.1); time.sleep(30)"


@pytest.mark.parametrize(
    ("stuck", "code", "reason"),
    [
        (STUCK_AWAIT, ExitCode.TRANSACTION_FAILED, "have not ended the transaction"),
        (STUCK_LOOP, ExitCode.STUCK, "the event loop stands still"),
        (STUCK_RECOVERY, ExitCode.NOT_RECOVERED, "recovery does not move"),
    ],
)
def test_stuck_worker_ends_itself(stuck: str, code: ExitCode, reason: str) -> None:
    program = PROGRAM.replace("STUCK", stuck)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == code
    assert reason in ended.stderr


def test_a_worker_that_was_frozen_is_given_its_time_again() -> None:
    """Frozen with a chunk in work for longer than the bound: awake again, that time does not count, whichever watcher ticks first."""
    freeze = "await asyncio.sleep(0.1); print('frozen', flush=True); os.kill(os.getpid(), signal.SIGSTOP)"
    stuck = f"{STUCK_AWAIT}; import os, signal; {freeze}; time.sleep(0.15); await asyncio.sleep(0.2)"  # the thread ticks first
    program = PROGRAM.replace("STUCK", stuck).replace("await asyncio.sleep(30)", "print('alive', flush=True)")
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "frozen\n"
        with pytest.raises(subprocess.TimeoutExpired):  # longer than the bound of half a second
            worker.wait(1.0)
        worker.send_signal(signal.SIGCONT)
        assert worker.stdout.readline() == "alive\n"
        worker.kill()
