"""The benchmark as a whole, on little work: every runner writes what the core gives, and is told when it does not."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from asiento.runtime.local_kafka import LocalKafka
from bench.jobs import ORDERS, small_job
from bench.outputs import Canonical, records_form
from bench.rounds import JobRounds
from bench.runners import QUIX_PYTHON, Runner, product_runners, small_runners
from bench.throughput import run_round
from bench.topics import Record

RECORDS = 1_000
SEED = 3
pytestmark = pytest.mark.timeout(240)


def runners_here(runners: Iterable[Runner]) -> list[Runner]:
    """Those that can run: Quix Streams only where `make bench` has made its environment."""
    return [runner for runner in runners if runner.own_changelog is None or QUIX_PYTHON.exists()]


def test_every_runner_of_the_product_path_writes_what_the_core_gives(local_kafka: LocalKafka, tmp_path: Path) -> None:
    runners = runners_here(product_runners())
    rounds = JobRounds(ORDERS, tmp_path, local_kafka, SEED)
    found = run_round(rounds, runners, RECORDS, 0)
    assert {name: result.wrong for name, result in found.items()} == {runner.name: () for runner in runners}
    assert all(result.cost.all_us > 0 and result.written_per_event > 500 for result in found.values())


def test_a_runner_that_writes_something_else_is_told(local_kafka: LocalKafka, tmp_path: Path) -> None:
    """Its entries are read as if one were missing."""

    def one_less(records: Iterable[Record]) -> Canonical:
        form = records_form(records)
        return replace(form, count=form.count - 1) if form.count else form

    lossy = replace(small_job("generated"), forms={**small_job("generated").forms})
    rounds = JobRounds(lossy, tmp_path, local_kafka, SEED)
    rounds.stored(RECORDS)
    lossy.forms["entries"] = one_less  # type: ignore[index]
    loop = small_runners()[1]
    wrong = rounds.run(loop, RECORDS, "lossy").wrong
    assert wrong[0].startswith("entries: ")
    assert "instead of" in wrong[0]


@pytest.mark.soak
def test_the_check_sees_a_planted_slow_down() -> None:
    """Two milliseconds more per event are many times the worker's own."""
    command = [sys.executable, "-m", "bench.check", "--rounds", "1", "--records", "2000", "--planted-us", "2000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1, done.stderr
    assert "SLOWER: worker : confluent-kafka loop" in done.stdout
