"""Kills a process that posts at each of its steps on the disk, and looks at what is left. Run as a program, as it forks.

    python -m tests.unit.sinks_plain_files.crashing FOLDER beancount|hledger

Every step (a file written, half written, made durable, renamed, removed) ends one child by SIGKILL; the last line is how many there were.
"""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sinks.connectors.plain_files import files
from sinks.connectors.plain_files.dialect import Dialect
from sinks.external.documents import LedgerDocument
from tests.unit.sinks_plain_files.books import DIALECTS, book, document, keys_in, posted, texts

BLOCKS_MAX = 4
STANDING = [document(number, date="2025-06-15") for number in range(3)]
ADDED = [
    *[document(number, date="2025-06-16") for number in range(10, 13)],
    *[document(number, date="2025-05-01") for number in range(20, 22)],
]
"""The first three make the month of those that stand too long, so that it is split and its file goes."""


class Killer:
    """Ends its process at a step."""

    def __init__(self, step: int) -> None:
        self._left = step

    def step(self) -> None:
        """One more."""
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """The call, a step before it."""

        def called(*args: Any, **named: Any) -> Any:
            self.step()
            return call(*args, **named)

        return called


def cut_short(killer: Killer, write: Callable[[Path, bytes], None]) -> Callable[[Path, bytes], None]:
    """A write whose first half a dying process has left."""

    def written(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content[: len(content) // 2])
        killer.step()
        write(path, content)

    return written


def post_and_die(folder: Path, dialect: Dialect, step: int) -> bool:
    """Post in a child that dies at this step; whether it lived."""
    child = os.fork()
    if child == 0:
        killer = Killer(step)
        vars(files)["_write"] = cut_short(killer, vars(files)["_write"])
        for owner, name in ((os, "fsync"), (Path, "replace"), (Path, "unlink")):
            setattr(owner, name, killer.before(getattr(owner, name)))
        posted(book(folder, dialect, transactions_per_file_max=BLOCKS_MAX), ADDED)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return status == 0


def check(folder: Path, dialect: Dialect, whole: dict[str, bytes], half: dict[str, bytes]) -> None:
    """All or nothing stands there, and posting again makes it whole."""
    again = book(folder, dialect, transactions_per_file_max=BLOCKS_MAX)
    found = {again.find(one) is not None for one in ADDED}
    assert found in ({True}, {False}), "some are there and some are not"
    expected = whole if found == {True} else half
    assert texts(folder) == expected, {name for name in {*texts(folder), *expected} if texts(folder).get(name) != expected.get(name)}
    answers = posted(again, [*ADDED, *STANDING])
    assert {answer.earlier for answer in answers[: len(ADDED)]} == found
    assert texts(folder) == whole
    assert keys_in(folder) == {one.key: 1 for one in (*STANDING, *ADDED)}


def copy_of(folder: Path, name: str, dialect: Dialect, documents: Sequence[LedgerDocument]) -> Path:
    """A book of these."""
    posted(book(folder / name, dialect, transactions_per_file_max=BLOCKS_MAX), STANDING)
    if documents:
        posted(book(folder / name, dialect, transactions_per_file_max=BLOCKS_MAX), documents)
    return folder / name


def main(folder: Path, dialect: Dialect) -> int:
    """The number of steps at which a process died."""
    half, whole = copy_of(folder, "half", dialect, []), copy_of(folder, "whole", dialect, ADDED)
    for step in range(1, 1000):
        tried = folder / f"step {step}"
        shutil.copytree(half, tried)
        lived = post_and_die(tried, dialect, step)
        check(tried, dialect, dict(texts(whole)), dict(texts(half)))
        if lived:
            return step - 1
    raise AssertionError("it never came to its end")


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), DIALECTS[sys.argv[2]])}\n")
