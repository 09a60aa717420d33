"""How the runs of a machine's workers ended, as far as they could tell: what explains a death to the next run there.

One line per end in `<data directory>/<job>-ends.jsonl`. It is best effort, and read on this machine only: a run that could not
write, or whose partition moves to another machine, has ended without a word.
"""

import contextlib
import os
import time
from pathlib import Path
from typing import Any, Final

import orjson

from streams.engine.breaker import Ending
from streams.engine.failure import KNOWN_CAUSES

LINES_KEPT: Final = 200
"""Ends that a start leaves in the file."""
FILE_BYTES_MAX: Final = 64 * 1024
"""A longer file is cut at the next start."""


class RunEnds:
    """The file of one kind of worker."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def tidy(self) -> None:
        """Keep the newest ends only; at the start of a run."""
        with contextlib.suppress(OSError):
            if self._path.stat().st_size > FILE_BYTES_MAX:
                kept = self._path.read_bytes().splitlines(keepends=True)[-LINES_KEPT:]
                own = self._path.with_suffix(f".{os.getpid()}")
                own.write_bytes(b"".join(kept))
                own.replace(self._path)

    def write(self, run: str, exit_code: int, judging: int | None) -> None:
        """The last words of a run: its exit code, and the partition a record of which it was judging (None: none)."""
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(orjson.dumps({"run": run, "exit_code": exit_code, "judging": judging, "at": round(time.time())}) + b"\n")

    def ending_of(self, run: str, partition: int) -> Ending:
        """What the last words of a run say about a note it left at a partition."""
        words = self._words_of(run)
        if words is None:
            return Ending.SILENT
        known = words.get("exit_code") == 0 or words.get("exit_code") in KNOWN_CAUSES
        return Ending.EXPLAINED if known or words.get("judging") != partition else Ending.TOLD

    def _words_of(self, run: str) -> dict[str, Any] | None:
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError:
            return None
        for line in reversed(lines):
            with contextlib.suppress(orjson.JSONDecodeError):
                words = orjson.loads(line)
                if isinstance(words, dict) and words.get("run") == run:
                    return words
        return None
