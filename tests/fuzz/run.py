"""Runs mutated records in a child process and looks at it from outside.

The child notes each record in a shared file before it is decoded, so that one that takes the process along is known all the same.
Time is CPU time of the child (a loaded machine slows nobody down), memory its peak resident set above what it was before the first record.
"""

import json
import mmap
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

RECORD_SECONDS_MAX: Final = 1.0
"""CPU time of one record."""
RECORD_BYTES_MAX: Final = 64 * 1024 * 1024
"""What the resident set may grow by."""
MUTATION_BYTES_MAX: Final = 8 * 1024 * 1024
"""If the resident set grew by more before a record is decoded, its peak is measured anew."""
ADDRESS_BYTES: Final = 1024 * 1024 * 1024
"""Address space that the child may take beyond what it has after its preparations."""
RECORD_LENGTH_MAX: Final = 2 * 1024 * 1024
"""Longer mutations are cut: twice what the events topic takes."""
FINDINGS_MAX: Final = 20
STILL_SECONDS_MAX: Final = 60.0
"""A child that notes no record for so long, by the clock of the machine, hangs in C code."""
POLL_SECONDS: Final = 0.2
_NOTE_BYTES: Final = 4 * 1024 * 1024
_HEAD_BYTES: Final = 64
_SHOWN_BYTES: Final = 2000


@dataclass(frozen=True, slots=True)
class Finding:
    """A record that broke a rule: `fault` is crash, hang, allocation or unclassified."""

    target: str
    fault: str
    detail: str
    record: str


@dataclass(slots=True)
class Report:
    """What came of a run."""

    records: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    cpu_seconds: float = 0.0
    slowest_seconds: float = 0.0
    slowest: str = ""
    peak_bytes: int = 0

    def __str__(self) -> str:
        faults = Counter(finding.fault for finding in self.findings)
        return (
            f"{self.records} records, {sum(self.accepted.values())} accepted, {sum(self.refused.values())} refused; "
            f"crash {faults['crash']}, hang {faults['hang']}, allocation {faults['allocation']}, unclassified {faults['unclassified']}; "
            f"{self.cpu_seconds:.1f} s of CPU, slowest {self.slowest_seconds * 1000:.0f} ms ({self.slowest}), "
            f"memory +{self.peak_bytes / 2**20:.1f} MiB"
        )


def fuzz(directory: Path, seed: int, records: int, *, planted: bool = False, only: str = "") -> Report:
    """Decode so many records, spread over all targets; `only` names one target."""
    notes = directory / f"note-{seed}-{only.replace('/', '-')}"
    with notes.open("wb") as file:
        file.truncate(_NOTE_BYTES)
    arguments = [str(notes), str(seed), str(records), "planted" if planted else "real", only]
    child = subprocess.Popen([sys.executable, "-m", "tests.fuzz.run", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    killed = _watch(child, notes)
    said, errors = child.communicate()
    if child.returncode == 0:
        row = json.loads(said)
        findings = [Finding(**one) for one in row.pop("findings")]
        return Report(**{**row, "accepted": Counter(row["accepted"]), "refused": Counter(row["refused"]), "findings": findings})
    target, record = _noted(notes)
    detail = f"exit {child.returncode}: {errors.decode(errors='replace')[-2000:]}"
    return Report(findings=[Finding(target, "hang" if killed else "crash", detail, record.hex()[:_SHOWN_BYTES])])


def _watch(child: "subprocess.Popen[bytes]", notes: Path) -> bool:
    """Wait for the end, reading nothing (the report is short); whether the child had to be ended."""
    last, since = b"", time.monotonic()
    while True:
        try:
            child.wait(POLL_SECONDS)
        except subprocess.TimeoutExpired:
            with notes.open("rb") as file:
                head = file.read(_HEAD_BYTES)
            if head != last:
                last, since = head, time.monotonic()
            elif time.monotonic() - since > STILL_SECONDS_MAX:
                child.kill()
                return True
        else:
            return False


def _noted(notes: Path) -> tuple[str, bytes]:
    content = notes.read_bytes()
    head = content[:_HEAD_BYTES].rstrip(b"\x00").decode()
    if not head:
        return "preparations", b""
    _, size, target = head.split(" ", 2)
    return target, content[_HEAD_BYTES : _HEAD_BYTES + int(size)]


class _Child:
    """Decodes, measures and keeps what breaks a rule."""

    def __init__(self, notes: mmap.mmap) -> None:
        self.report = Report()
        self._notes = notes
        self._base = _peak_bytes()

    def limit(self) -> None:
        """After the preparations: what is taken from now on is the records'."""
        self._begin_peak()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + ADDRESS_BYTES
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    def _begin_peak(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._base = _peak_bytes()

    def decode(self, target: "Target", record: bytes) -> None:
        """One record through its decoder."""
        report = self.report
        report.records += 1
        if _peak_bytes() - self._base > MUTATION_BYTES_MAX:  # what it took to make the record is not what it takes to decode it
            self._begin_peak()
        head = f"{report.records} {len(record)} {target.name}".encode()[:_HEAD_BYTES]
        self._notes[:_HEAD_BYTES] = head.ljust(_HEAD_BYTES, b"\x00")
        self._notes[_HEAD_BYTES : _HEAD_BYTES + len(record)] = record
        started = time.process_time()
        try:
            taken = target.decode(record)
        except target.errors:
            taken = False
        except BaseException as error:  # noqa: BLE001 - anything else is what is looked for
            taken = False
            self._found(target, "unclassified", f"{type(error).__name__}: {str(error)[:300]} {_where(error)}", record)
        seconds = time.process_time() - started
        if seconds > report.slowest_seconds:
            report.slowest_seconds, report.slowest = seconds, target.name
        if seconds > RECORD_SECONDS_MAX:
            self._found(target, "hang", f"{seconds:.2f} s", record)
        grown = _peak_bytes() - self._base
        report.peak_bytes = max(report.peak_bytes, grown)
        if grown > RECORD_BYTES_MAX:
            self._found(target, "allocation", f"{grown} bytes", record)
            self._base += grown
        (report.accepted if taken else report.refused)[target.name] += 1

    def _found(self, target: "Target", fault: str, detail: str, record: bytes) -> None:
        if len(self.report.findings) < FINDINGS_MAX:
            self.report.findings.append(Finding(target.name, fault, detail, record.hex()[:_SHOWN_BYTES]))


def _peak_bytes() -> int:
    """Highest resident set of this program; `getrusage` would tell that of the parent before the exec, if it was larger."""
    status = Path("/proc/self/status").read_bytes()
    return int(status.partition(b"VmHWM:")[2].split(maxsplit=1)[0]) * 1024


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})" if trace is not None else ""


def _main(notes: str, seed: str, records: str, kind: str, only: str) -> None:
    targets = [
        target for target in (planted_targets() if kind == "planted" else all_targets(Path(notes).parent)) if only in ("", target.name)
    ]
    with Path(notes).open("r+b") as file, mmap.mmap(file.fileno(), _NOTE_BYTES) as shared:
        child = _Child(shared)
        rngs = [random.Random(f"{seed} {target.name}") for target in targets]
        for target in targets:
            for record in target.records:
                child.decode(target, record)  # caches are filled, and every good record is taken
        child.report = Report(findings=child.report.findings, refused=Counter(), accepted=Counter())
        child.limit()
        started = time.process_time()
        while child.report.records < int(records):
            for target, rng in zip(targets, rngs, strict=True):
                mutated = target.mutate(rng, target.records)[:RECORD_LENGTH_MAX]
                if mutated not in target.records:  # two mutations may undo each other
                    child.decode(target, mutated)
        child.report.cpu_seconds = time.process_time() - started
    report = child.report
    counted = {"accepted": dict(report.accepted), "refused": dict(report.refused), "findings": [asdict(one) for one in report.findings]}
    measured = {name: getattr(report, name) for name in ("records", "cpu_seconds", "slowest_seconds", "slowest", "peak_bytes")}
    sys.stdout.write(json.dumps(counted | measured))


if __name__ == "__main__":
    from tests.fuzz.targets import Target, all_targets, planted_targets

    _main(*sys.argv[1:])
