"""What is written down about changes of the core still fits it, and the suite catches every bug planted into it."""

import subprocess
import sys

import pytest

from tests.mutation.known import Equivalent, Planted, equivalents, planted_bugs
from tests.mutation.mutants import CORE, ROOT


def test_there_are_enough_planted_bugs() -> None:
    assert len({bug.name for bug in planted_bugs()}) == len(planted_bugs()) >= 20


@pytest.mark.parametrize("bug", planted_bugs(), ids=lambda bug: bug.name)
def test_a_planted_bug_applies_and_compiles(bug: Planted) -> None:
    compile(bug.source(), str(bug.path), "exec")


@pytest.mark.parametrize("one", equivalents(), ids=lambda one: f"{one.module}: {one.new}")
def test_an_equivalent_mutant_is_of_code_that_is_there(one: Equivalent) -> None:
    lines = {line.strip() for line in (CORE / one.module).read_text(encoding="utf-8").splitlines()}
    assert set(one.old.splitlines()) <= lines
    assert one.reason


@pytest.mark.soak
def test_every_planted_bug_is_caught() -> None:
    """Each on a copy of the core, against the fast tests; the test that caught it is printed."""
    told = subprocess.run([sys.executable, "-m", "tests.mutation", "--planted"], cwd=ROOT, capture_output=True, text=True, check=False)
    print(told.stdout)
    assert told.returncode == 0, told.stdout + told.stderr
