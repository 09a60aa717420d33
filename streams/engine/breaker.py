"""When a record is to blame for the deaths of workers: the note beside a committed offset, and what follows from it. Pure.

A worker that takes a partition over notes "I am in the chunk that starts here" before its first chunk; the commit of a chunk leaves
no note. So a note that is found at a take-over is the trace of a death, and if nothing explains it, it counts:

- `CHUNK_DEATHS_MAX` at one chunk isolate its range: one record at a time, each marked before it is decoded and cleared after it;
- `RECORD_DEATHS_MAX` inside the mark of one record put that record on trial: if it kills once more where it can be seen, it is given
  up and becomes a dead letter, undecoded; else it is acquitted.

What explains a death is in `Ending`. Whatever passes clears what was counted against it.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

import orjson

CHUNK_DEATHS_MAX: Final = 2
"""Unexplained deaths at one chunk after which its records go one at a time."""
RECORD_DEATHS_MAX: Final = 3
"""Unexplained deaths inside the mark of one record after which it is tried, and if it fails a dead letter."""
NOTE_CHARACTERS_MAX: Final = 512
"""A longer text beside an offset is not ours; the broker's own bound is 4 096 bytes."""
_VERSION: Final = 1
_RUN_CHARACTERS_MAX: Final = 64
_OFFSET_MAX: Final = 2**63 - 1


class Ending(Enum):
    """How the run ended that left a note behind."""

    EXPLAINED = "explained"
    """By a known cause, or while it judged nothing of this partition: it told so, or it is this very run, which lives."""
    TOLD = "told"
    """It told that it died of what it judged in this partition: an exception, or a loop that the watchdog ended."""
    SILENT = "silent"
    """Without a word: a crash of the interpreter, the kernel's memory killer, kill -9, a power cut, or on another machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is known of the range from a committed offset to `until`; the rule is the empty note.

    `run` went into it and has not come out; `deaths` are the unexplained ones so far, of the chunk or, once isolated, of the record.
    """

    run: str | None = None
    deaths: int = 0
    until: int = 0
    isolated: bool = False

    @property
    def text(self) -> str:
        """How the note stands beside the offset; nothing for the empty note."""
        if self == EMPTY:
            return ""
        shown = {"v": _VERSION, "run": self.run, "deaths": self.deaths, "until": self.until, "isolated": self.isolated}
        return orjson.dumps(shown).decode()

    @property
    def accuses(self) -> bool:
        """Whether the next record is to be tried, and to be given up if it fails."""
        return self.isolated and self.deaths >= RECORD_DEATHS_MAX

    def entered(self, run: str, until: int) -> "Note":
        """A run goes in: into a chunk that ends at `until`, or, once isolated, into one record."""
        return replace(self, run=run, until=self.until if self.isolated else max(self.until, until))

    def left(self) -> "Note":
        """The run came out alive, committed or not; what was counted before stands until a commit."""
        return replace(self, run=None)

    def acquitted(self) -> "Note":
        """The record came through its trial: others ended the workers."""
        return replace(self, run=None, deaths=0)

    def passed(self, next_offset: int) -> "Note":
        """Everything before `next_offset` is committed: no longer suspect. An isolation goes on to its end."""
        return Note(until=self.until, isolated=True) if self.isolated and next_offset < self.until else EMPTY

    def found(self, ending: Ending) -> "Note":
        """What the next owner makes of it: an unexplained end of the run inside is a death, and the last one has its consequence."""
        if self.run is None or ending is Ending.EXPLAINED:
            return self.left()
        deaths = self.deaths + 1
        if not self.isolated and deaths >= CHUNK_DEATHS_MAX:
            return Note(until=self.until, isolated=True)
        return replace(self, run=None, deaths=deaths)


EMPTY: Final = Note()
"""Nothing is suspected."""


def parse_note(text: str, offset: int) -> Note:
    """The note of a text beside a committed offset; empty for a text that is not ours or whose range is over."""
    if not text or len(text) > NOTE_CHARACTERS_MAX:
        return EMPTY
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return EMPTY
    match found:
        case {"v": 1, "run": str() | None as run, "deaths": int(deaths), "until": int(until), "isolated": bool(isolated)}:
            sane = len(run or "") <= _RUN_CHARACTERS_MAX and _is_count(deaths) and _is_count(until) and offset < until <= _OFFSET_MAX
            return Note(run=run, deaths=deaths, until=until, isolated=isolated) if sane else EMPTY
        case _:
            return EMPTY


def _is_count(found: Any) -> bool:
    return not isinstance(found, bool) and found >= 0
