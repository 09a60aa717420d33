"""Child processes that never outlive us: started in their own session, ended by the kernel when we die, known by PID file.

A PID file names process id and start time, so that an id taken over by a stranger is never signalled.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from asiento.runtime import end_with_parent

LOG_BYTES_MAX = 16 * 1024 * 1024
POLL_SECONDS = 0.02
KILL_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process and the mark of its start: together unique on this machine."""

    name: str
    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether exactly this process still runs."""
        return start_mark(self.pid) == self.started


class ChildProcess:
    """One running child with its log and PID file; `stop` and `kill` are bounded and remove the PID file."""

    def __init__(self, name: str, popen: "subprocess.Popen[bytes]", pid_file: Path) -> None:
        self.name = name
        self.pid = popen.pid
        self._popen = popen
        self._pid_file = pid_file

    def exit_code(self) -> int | None:
        """The exit code (negative: signal number), None while it runs."""
        return self._popen.poll()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM); returns at once."""
        if self.exit_code() is None:
            self._popen.terminate()

    def wait(self, seconds_max: float) -> int:
        """Wait for the end; past the bound the whole process group is killed. Returns the exit code."""
        try:
            self._popen.wait(seconds_max)
        except subprocess.TimeoutExpired:
            self.kill()
        self._pid_file.unlink(missing_ok=True)
        return self._popen.returncode

    def stop(self, seconds_max: float) -> int:
        """SIGTERM, bounded wait, then SIGKILL; returns the exit code."""
        self.terminate()
        return self.wait(seconds_max)

    def kill(self) -> None:
        """SIGKILL to the child and whatever it started; waits until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait(KILL_SECONDS_MAX)
        self._pid_file.unlink(missing_ok=True)


def start_child(name: str, argv: Sequence[str | Path], *, environment: Mapping[str, str], log_file: Path, pid_file: Path) -> ChildProcess:
    """Start `argv` (a program's full path and its arguments) with stdout and stderr appended to `log_file`.

    The kernel sends it SIGTERM when the calling *thread* ends: call this from a thread that outlives the child.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    pid_file.parent.mkdir(parents=True, exist_ok=True)
    if log_file.exists() and log_file.stat().st_size > LOG_BYTES_MAX:
        log_file.replace(log_file.with_name(log_file.name + ".1"))
    with log_file.open("ab") as log:
        popen = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(end_with_parent.__file__)), str(os.getpid()), *(str(word) for word in argv)],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    write_pid_file(pid_file, ProcessIdentity(name, popen.pid, start_mark(popen.pid) or "gone"))
    return ChildProcess(name, popen, pid_file)


def start_mark(pid: int) -> str | None:
    """What tells this process from a later one with the same id; None if it does not run (or is a zombie)."""
    if sys.platform != "linux":
        shown = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return shown.stdout.strip() or None
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{fields[19]}"


def write_pid_file(path: Path, identity: ProcessIdentity) -> None:
    """Write the PID file in one step."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(json.dumps(asdict(identity)))
    partial.replace(path)


def read_pid_file(path: Path) -> ProcessIdentity | None:
    """The living process a PID file names; None if there is no file or that process is gone."""
    try:
        identity = ProcessIdentity(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return identity if identity.is_alive() else None


def end_process(identity: ProcessIdentity, seconds_max: float) -> None:
    """End a process that is not our child: SIGTERM, bounded wait, SIGKILL to its group; never touches another one."""
    for signal_number, wait in ((signal.SIGTERM, seconds_max), (signal.SIGKILL, KILL_SECONDS_MAX)):
        if not identity.is_alive():
            return
        with contextlib.suppress(ProcessLookupError):
            (os.kill if signal_number == signal.SIGTERM else os.killpg)(identity.pid, signal_number)
        deadline = time.monotonic() + wait
        while identity.is_alive() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
