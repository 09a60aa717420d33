"""Processes and what they leave behind: do they run, are they of one version, PID files, locks, half-made files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from asiento import __version__
from asiento.cli.diagnosing.findings import Finding, Mending, MendingFailed
from asiento.cli.diagnosing.observed import Observed
from asiento.cli.run_directory import RunDirectory
from asiento.runtime.child_process import read_pid_file

HALF_MADE_SECONDS_MIN: Final = 3_600
"""A half-made file that is younger may be somebody's who is still at it."""


def check_processes(observed: Observed) -> Finding:
    """Every process that is known of runs and is ready."""
    if not observed.processes:
        return Finding("processes", "ok", f"none known of by {observed.source}")
    off = [f"{process.name} {process.problem}" for process in observed.processes if process.problem is not None]
    if off:
        return Finding("processes", "problem", f"{'; '.join(off)} ({observed.source})", "asiento down && asiento up")
    return Finding("processes", "ok", f"{len(observed.processes)} run and are ready ({observed.source})")


def check_versions(observed: Observed) -> Finding:
    """Every process says the version of this program."""
    others = [f"{one.name} is {one.version}" for one in observed.processes if one.version not in {None, __version__}]
    if others:
        mend = "asiento down && asiento up"
        return Finding("versions", "problem", f"this program is {__version__}, but {', '.join(others)}", mend)
    return Finding("versions", "ok", __version__)


def check_tie_out(observed: Observed) -> Finding:
    """What the tie-out found when it compared ledgers with the stream last."""
    if observed.differences:
        found = ", ".join(f"{ledger} {kind} {number}" for (ledger, kind), number in sorted(observed.differences.items()))
        return Finding("tie-out", "problem", found, "asiento tie-out run --once --dry-run")
    if observed.tied:
        return Finding("tie-out", "ok", f"compared, no difference: {', '.join(sorted(observed.tied))}")
    if observed.processes:
        return Finding("tie-out", "note", "no process that compares continuously is known of", "asiento tie-out run --once --dry-run")
    return Finding("tie-out", "ok", "nothing runs that would be compared")


def check_pid_files(directory: RunDirectory) -> Finding:
    """No PID file names a process that is gone."""
    files = [*sorted(directory.pid_files.glob("*.pid")), directory.broker_pid_file]
    stale = [path for path in files if path.is_file() and read_pid_file(path) is None]
    if not stale:
        return Finding("pid files", "ok", "all of living processes")
    names = ", ".join(str(path) for path in stale)

    def remove() -> str:
        gone = [path for path in stale if read_pid_file(path) is None]
        _remove(gone)
        return f"removed {', '.join(map(str, gone))}"

    mending = Mending(f"remove {names}", remove)
    return Finding("pid files", "problem", f"of processes that are gone: {names}", "asiento doctor --mend", mending)


def check_locks(directory: RunDirectory) -> Finding:
    """Which locks are held, and by whom. A lock file that nobody holds is no lock: the kernel frees it with its process."""
    held = sorted(f"{path.name} (process {pid})" for path, pid in _held_locks(directory.data_dir))
    own = {process.pid for process in directory.running()}
    strangers = sorted(f"{path} by process {pid}" for path, pid in _held_locks(directory.data_dir) if pid not in own)
    if strangers and own:
        detail = f"held by processes that `asiento up` here has not started: {', '.join(strangers)}"
        return Finding("locks", "note", detail, "ps -o pid,lstart,args -p " + " -p ".join(str(_pid_of(one)) for one in strangers))
    return Finding("locks", "ok", f"held: {', '.join(held)}" if held else "none is held")


def check_half_made_files(directory: RunDirectory, now: float) -> Finding:
    """Nothing that was interrupted while it was written; a half-made ledger is only named, never removed."""
    folders = (directory.data_dir, directory.pid_files)
    found = [path for folder in folders for path in sorted(folder.glob("*.part")) if _is_old(path, now)]
    if not found:
        return Finding("half-made files", "ok", "none")
    removable = [path for path in found if "ledger" not in path.name]
    names = ", ".join(str(path) for path in found)
    if not removable:
        return Finding("half-made files", "note", f"{names}: of a restore that was interrupted", "asiento restore --help")

    def remove() -> str:
        _remove(removable)
        return f"removed {', '.join(map(str, removable))}"

    mending = Mending(f"remove {', '.join(map(str, removable))}", remove)
    return Finding("half-made files", "problem", names, "asiento doctor --mend", mending)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise MendingFailed(f"{path}: {error.strerror}") from None


def _is_old(path: Path, now: float) -> bool:
    try:
        return now - path.stat().st_mtime >= HALF_MADE_SECONDS_MIN
    except OSError:
        return False


def _held_locks(folder: Path) -> Iterator[tuple[Path, int]]:
    """(lock file, process that holds it), as the kernel lists them; nothing where it lists none. Taking one to see would be in the way."""
    try:
        lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    holders = {line.split()[5].rpartition(":")[2]: int(line.split()[4]) for line in lines if " FLOCK " in line and "->" not in line}
    for path in sorted(folder.glob("*.lock")):
        pid = holders.get(str(path.stat().st_ino))
        if pid is not None and pid > 0:
            yield path, pid


def _pid_of(stranger: str) -> int:
    return int(stranger.rpartition(" ")[2])
