"""A lock between processes: one file, held through `flock`, freed by the kernel when its holder dies."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05


class LockHeld(Exception):
    """Another process holds the lock; the message names the file."""


@contextmanager
def locked(path: Path, wait_seconds_max: float) -> Iterator[None]:
    """Hold the lock file `path` inside the `with`; waits at most `wait_seconds_max`, then raises `LockHeld`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds_max
    with path.open("a") as file:
        while not _taken(file.fileno()):
            if time.monotonic() >= deadline:
                raise LockHeld(f"{path} is held by another process")
            time.sleep(POLL_SECONDS)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
