"""The program that judges a book: beancount's and hledger's own, called, never imported."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sinks.connectors.plain_files.dialect import Dialect
from sinks.external.results import NotSent

CHECK_SECONDS_MAX: Final = 900.0
WORDS_SHOWN_MAX: Final = 600
"""Longest piece of what the program says in a message."""


class CheckProgram:
    """The check of one connection. command: as a shell would split it; None = the dialect's program, where PATH has it."""

    def __init__(self, dialect: Dialect, command: str | None, folder: Path) -> None:
        self._dialect = dialect
        self._folder = folder
        self._command = shlex.split(command) if command is not None else None
        if command is None and shutil.which(dialect.program) is not None:
            self._command = [dialect.program]

    @property
    def installed(self) -> bool:
        """Whether books are checked at all."""
        return self._command is not None

    def complaint(self, main: str) -> str | None:
        """What the program has against the book of this main file; None = it accepts it. Raises `NotSent` where it cannot be asked."""
        if self._command is None:
            return None
        command = self._dialect.check_command(self._command, str(self._folder.joinpath(main)))
        try:
            run = subprocess.run(
                command, capture_output=True, timeout=CHECK_SECONDS_MAX, check=False, env=_environment(), stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise NotSent(f"{self._dialect.program} was not done with {self._folder} after {CHECK_SECONDS_MAX:.0f} seconds") from None
        except OSError as problem:
            raise NotSent(f"{command[0]} cannot be started ({problem.strerror}): install it, or correct `check_command`") from None
        if run.returncode < 0:
            raise NotSent(f"{self._dialect.program} was ended by signal {-run.returncode} while it checked {self._folder}")
        return None if run.returncode == 0 else _words(run.stdout + run.stderr)


def command_problem(command: str) -> str | None:
    """Why a text is no command; None = it is one."""
    try:
        words: Sequence[str] = shlex.split(command)
    except ValueError as problem:
        return f"`check_command` cannot be split into words: {problem}"
    return None if words else "`check_command` is empty"


def _environment() -> dict[str, str]:
    """What the program sees: no settings of ours, no settings of a person's, texts as UTF-8, no cache left beside the book."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "BEANCOUNT_DISABLE_LOAD_CACHE": "1"}


def _words(output: bytes) -> str:
    return " ".join(output.decode("utf-8", "replace").split())[:WORDS_SHOWN_MAX]
