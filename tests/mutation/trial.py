"""Trials of the test suite: the fast tests of the core, run against a copy of the core with one module changed.

Each trial is a process of its own, forked from one that has imported pytest and its plugins, but nothing of ours. It works on
a copy of the core in a temporary directory that stands first on its path; the checkout is only read.
"""

import os
import resource
import shutil
import sys
import tempfile
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Literal, NoReturn

import hypothesis
import pytest

from tests.mutation.mutants import CORE, ROOT

STAGES = (
    ("tests/scenarios/test_scenarios.py",),
    ("tests/oracle/test_order_vectors.py", "tests/unit/accounting", "tests/oracle/test_agreement.py"),
)
"""What decides about the core, the fastest killers first; the hostile lives need all of the engine around it."""
OPTIONS = (
    *("-x", "-q", "--tb=no", "--assert=plain", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-m", "not soak", "--hypothesis-seed=0", "--ignore=tests/unit/accounting/test_hostile_lives.py"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning", "-W", "ignore::pytest.PytestConfigWarning"),
)
AGREEMENT_LIVES = 30
EXAMPLES_MAX = 20
MEMORY_BYTES_MAX = 4 << 30
CPU_SECONDS_SPARE = 10

Result = Literal["killed", "survived", "timeout"]


@dataclass(frozen=True)
class Change:
    """The new source of a module of the core; None = the core as it is."""

    module: Path
    source: str | None


@dataclass(frozen=True)
class Verdict:
    """What the tests said, and which of them said it first (or where it ended)."""

    result: Result
    test: str
    cpu_seconds: float


class TrialBroken(RuntimeError):
    """pytest did not come to a verdict, or the tests fail on the core as it is: a mutant proves nothing then."""


class _FirstFailure:
    """A pytest plugin: fewer lives of the oracle, and the name of the first test that fails into a file."""

    def __init__(self, report: Path) -> None:
        self._report = report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Make the long tests short: all they need is to have been collected."""
        for module in {getattr(item, "module", None) for item in session.items}:
            if getattr(module, "__name__", "") == "tests.oracle.test_agreement":
                vars(module)["LIVES"] = AGREEMENT_LIVES
        for item in session.items:
            if hasattr(item, "obj") and hypothesis.is_hypothesis_test(item.obj):
                own = getattr(item.obj, "_hypothesis_internal_use_settings", None) or hypothesis.settings()
                item.obj._hypothesis_internal_use_settings = hypothesis.settings(own, max_examples=min(own.max_examples, EXAMPLES_MAX))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The first failure of a test."""
        if report.failed and not self._report.exists():
            self._report.write_text(report.nodeid, encoding="utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module of tests that cannot be imported."""
        if report.failed and not self._report.exists():
            self._report.write_text(f"import of {report.nodeid}", encoding="utf-8")


def _run_tests(core: Path, change: Change, report: Path, cpu_seconds_max: int | None) -> int:
    """In the forked process: pytest's exit code with the core from `core`."""
    changed = core / "asiento" / "accounting" / change.module.relative_to(CORE)
    if change.source is not None:
        changed.write_text(change.source, encoding="utf-8")
        for compiled in (changed.parent / "__pycache__").glob(f"{changed.stem}.*.pyc"):
            compiled.unlink()
        sys.dont_write_bytecode = True
    if cpu_seconds_max is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds_max, cpu_seconds_max + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    os.chdir(ROOT)
    sys.path.insert(0, str(core))
    import asiento  # before pytest puts the checkout first: all of it comes from the copy now

    assert Path(asiento.__file__).is_relative_to(core)
    codes = (int(pytest.main([*OPTIONS, *stage], plugins=[_FirstFailure(report)])) for stage in STAGES)
    return next((code for code in codes if code), 0)


class Trials:
    """Runs changes beside each other; a context manager that leaves nothing behind."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._running: dict[int, tuple[int, Path]] = {}
        self._cpu_seconds_max: int | None = None
        for plugin in entry_points(group="pytest11"):
            plugin.load()

    def __enter__(self) -> "Trials":
        self._folder = Path(tempfile.mkdtemp(prefix="asiento-mutation-"))
        self._original = self._folder / "original"
        (self._original / "asiento").mkdir(parents=True)
        shutil.copy2(CORE.parent / "__init__.py", self._original / "asiento")
        shutil.copytree(CORE, self._original / "asiento" / "accounting", ignore=shutil.ignore_patterns("__pycache__"))
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._running:
            os.kill(pid, 9)
            os.waitpid(pid, 0)
        shutil.rmtree(self._folder)

    def measure(self) -> Verdict:
        """The core as it is: its tests must pass; what they take bounds the trials. Raises TrialBroken."""
        self._start(0, Change(CORE / "decide.py", None), self._original)
        _, verdict = self._next()
        if verdict.result != "survived":
            raise TrialBroken(f"the tests fail on the core as it is: {verdict.test}")
        self._cpu_seconds_max = 3 * int(verdict.cpu_seconds) + CPU_SECONDS_SPARE
        return verdict

    def run(self, changes: Iterable[Change]) -> Iterator[tuple[int, Verdict]]:
        """(place among the changes, verdict) of each, in the order in which they end. Raises TrialBroken."""
        for place, change in enumerate(changes):
            if len(self._running) == self._jobs:
                yield self._next()
            core = self._folder / str(place)
            shutil.copytree(self._original, core)
            self._start(place, change, core)
        while self._running:
            yield self._next()

    def _start(self, place: int, change: Change, core: Path) -> None:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            self._be_trial(change, core)
        self._running[pid] = (place, core)

    def _be_trial(self, change: Change, core: Path) -> NoReturn:
        code = 3
        try:
            log = os.open(core / "log", os.O_WRONLY | os.O_CREAT)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = _run_tests(core, change, core / "failed", self._cpu_seconds_max)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _next(self) -> tuple[int, Verdict]:
        pid, status, used = os.wait4(-1, 0)
        place, core = self._running.pop(pid)
        report, log = core / "failed", core / "log"
        test = report.read_text(encoding="utf-8") if report.exists() else ""
        code = os.waitstatus_to_exitcode(status)
        if code not in (0, 1, 2) and code >= 0:
            raise TrialBroken(f"pytest ended with {code}:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")
        result: Result = "timeout" if code < 0 else "killed" if code else "survived"
        if core != self._original:
            shutil.rmtree(core)
        return place, Verdict(result, test, used.ru_utime + used.ru_stime)
