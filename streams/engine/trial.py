"""A trial: a suspect record is judged in a forked child, whose end can be seen, before it is set aside.

Marks say that three processes died while this record was judged. Kills from outside may have hit that instant three times, on a slow
machine sooner than one thinks; a record that kills, kills the child, too. The child shares nothing that it could break: it judges, and is
gone without a clean-up.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from typing import Final

from streams.engine.processor import RangeTooLarge, RangeWaits

POLL_SECONDS: Final = 0.01
_RAISED: Final = 1


async def outcome_of_trial(judge: Callable[[], object], seconds_max: float) -> str | None:
    """How the child died of `judge`, in words; None if it came through, or could not be forked."""
    try:
        child = os.fork()
    except OSError:
        return None
    if child == 0:
        _judge_and_leave(judge, seconds_max)
    status = await _end_of(child, time.monotonic() + seconds_max)
    if status is None:
        return f"it had not ended after {seconds_max:g} s"
    if os.WIFSIGNALED(status):
        return f"it died of {signal.Signals(os.WTERMSIG(status)).name}"
    return "it raised an exception" if os.WEXITSTATUS(status) == _RAISED else None


def _judge_and_leave(judge: Callable[[], object], seconds_max: float) -> None:
    """The child: nothing of it returns, whatever happens; the alarm ends it even if nobody waits for it any more."""
    code = _RAISED
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(round(seconds_max) + 1)
        judge()
        code = 0
    except (RangeWaits, RangeTooLarge):
        code = 0
    finally:
        os._exit(code)


async def _end_of(child: int, deadline: float) -> int | None:
    """The status of the child; None if it had to be ended."""
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        await asyncio.sleep(POLL_SECONDS)
