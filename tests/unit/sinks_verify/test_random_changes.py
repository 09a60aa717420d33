"""Whatever is changed in a ledger's file, verify names it: random changes to copies of a ledger of 1 000 entries."""

import asyncio
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.sinks_verify.capture import Installation, install, problems_beyond
from tests.unit.sinks_verify.mutations import Vandal, unlock

CHANGES = 50


@dataclass(frozen=True)
class Unlocked:
    """A ledger whose protections are gone, and what verify says of it before anything is changed."""

    installation: Installation
    problems: list[str]


@pytest.fixture(scope="module")
def unlocked(tmp_path_factory: pytest.TempPathFactory) -> Unlocked:
    """1 000 entries on three partitions, with repeats and conflicts."""
    installation = asyncio.run(install(tmp_path_factory.mktemp("books")))
    unlock(installation.ledger)
    return Unlocked(installation, problems_beyond(asyncio.run(installation.verify()), ()))


def _named_after_changes(unlocked: Unlocked, folder: Path, seed: int) -> None:
    copy = Installation(unlocked.installation.log, folder / f"copy-{seed}.sqlite")
    shutil.copy(unlocked.installation.ledger, copy.ledger)
    vandal = Vandal(copy.ledger, seed)
    changes = list(vandal.changes(CHANGES))
    vandal.close()
    report = asyncio.run(copy.verify())
    problems = problems_beyond(report, unlocked.problems)
    assert len(report.problems.listed) == sum(report.problems.counts.values()), "the list was cut"
    for change in changes:
        for name in change.named:
            assert any(re.search(name, text) for text in problems), f"seed {seed}: not named: {change.what}"
    copy.ledger.unlink()


def test_every_one_of_50_random_changes_is_named(unlocked: Unlocked, tmp_path: Path) -> None:
    for seed in range(10):
        _named_after_changes(unlocked, tmp_path, seed)


@pytest.mark.soak
def test_every_one_of_10_000_random_changes_is_named(unlocked: Unlocked, tmp_path: Path) -> None:
    """200 copies with 50 changes each."""
    for seed in range(1_000, 1_200):
        _named_after_changes(unlocked, tmp_path, seed)
