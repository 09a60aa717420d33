"""All checks of `asiento doctor`, one after the other; none changes anything, and none keeps another from being made."""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator

from asiento.cli.diagnosing.findings import Finding
from asiento.cli.diagnosing.machine import check_machine
from asiento.cli.diagnosing.observed import observe
from asiento.cli.diagnosing.processes import (
    check_half_made_files,
    check_locks,
    check_pid_files,
    check_processes,
    check_tie_out,
    check_versions,
)
from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.run_directory import RunDirectory
from asiento.runtime.settings import Settings


def examine(settings: Settings, prometheus: str | None = None) -> list[Finding]:
    """Look at the machine, processes and their leftovers, lag, what waits for a person, ledgers. `prometheus`: what tells of processes."""
    directory = RunDirectory(settings.data_dir.absolute())
    now = time.time_ns() // 1_000
    found = check_machine(settings)
    states = {finding.check: finding.state for finding in found}
    found += [check_pid_files(directory), check_locks(directory), check_half_made_files(directory, time.time())]
    found += _of_processes(directory, prometheus)
    if states.get("broker") == "ok":
        found += _told("lag", lambda: _lags(settings))
    if states["operational database"] == "ok":
        found += _told("discrepancies", lambda: _open(settings, now))
    if states["ledger"] == "ok":
        found += _told("trial balance", lambda: _ledger(settings, now))
    found += _told("ledgers outside", lambda: _postings(settings, now))
    return found


def _of_processes(directory: RunDirectory, prometheus: str | None) -> Iterator[Finding]:
    try:
        observed = observe(directory, prometheus)
    except Unreachable as error:
        yield Finding("processes", "unreachable", str(error), "asiento doctor")
        return
    except CommandError as error:
        yield Finding("processes", "problem", str(error), "asiento doctor")
        return
    yield from (check_processes(observed), check_versions(observed), check_tie_out(observed))


def _told(check: str, ask: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """The findings, or that the database did not answer."""
    from sinks.ledger import LedgerError
    from sinks.posting.errors import PostingError
    from sinks.projector.errors import OperationalError, OperationalMissing

    try:
        return list(ask())
    except OperationalMissing:
        return []
    except (LedgerError, PostingError, OperationalError, sqlite3.Error) as error:
        return [Finding(check, "unreachable", str(error), "asiento doctor --json")]


def _lags(settings: Settings) -> Iterator[Finding]:
    from asiento.cli.diagnosing.lags import lag_findings

    return lag_findings(settings)


def _open(settings: Settings, now: int) -> list[Finding]:
    from asiento.cli.diagnosing.standing import open_findings

    return open_findings(settings, now)


def _ledger(settings: Settings, now: int) -> Iterator[Finding]:
    from asiento.cli.diagnosing.standing import ledger_findings

    return ledger_findings(settings, now)


def _postings(settings: Settings, now: int) -> list[Finding]:
    from asiento.cli.diagnosing.standing import postings_finding

    return [postings_finding(settings, now)]
