"""The demo as people run it: a small day through real processes, checked, played again, and caught when a row is altered."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from asiento.cli.demo import read_day
from sources.synthetic.day import trading_day
from tests.report_comparison import compare
from tests.report_facts import Facts, Page, shown

pytestmark = pytest.mark.kafka

SEED, ORDERS = 5, 200
RUN_SECONDS_MAX = 150.0


class Demo:
    """`asiento up --demo --check` on one data directory and one prefix of topics."""

    def __init__(self, kafka: str, prefix: str, directory: Path) -> None:
        self.directory = directory
        self.ledger = directory / "ledger.sqlite"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")},
            "ASIENTO_KAFKA_BOOTSTRAP_SERVERS": kafka,
            "ASIENTO_TOPIC_PREFIX": prefix,
            "ASIENTO_APP_ID": f"{prefix}demo".replace(".", "-").replace("_", "-").lower(),
            "ASIENTO_PARTITIONS": "8",
            "ASIENTO_REPLICATION_FACTOR": "1",
            "ASIENTO_MIN_INSYNC_REPLICAS": "1",
            "ASIENTO_DATA_DIR": str(directory),
        }

    def run(self) -> subprocess.CompletedProcess[str]:
        """Play the day once, to the end."""
        words = ["up", "--workers", "1", "--demo", "--check", "--seed", str(SEED), "--orders", str(ORDERS)]
        command = [sys.executable, "-m", "asiento.cli.main", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False)


@pytest.fixture(scope="module")
def demo(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    directory = tmp_path_factory.mktemp("demo")
    return Demo(kafka, f"{directory.name}-{os.getpid()}-", directory)


def test_a_day_flows_and_the_books_are_what_was_intended(demo: Demo) -> None:
    result = demo.run()
    assert result.returncode == 0, result.stdout + result.stderr
    day = trading_day(SEED, ORDERS)
    assert f"every record is accounted for: {len(day.arrivals)} consumed" in result.stdout
    assert "Trial balance CLP" in result.stdout
    assert "lag: workers 0 records, ledger 0 records" in result.stdout
    assert read_day(f"sqlite:///{demo.ledger}", day.tenant).flows["EUR"] == day.controls.currencies["EUR"].figures


def test_the_report_says_what_was_intended_and_what_the_rows_say(demo: Demo) -> None:
    out = demo.directory / "report.html"
    command = [sys.executable, "-m", "asiento.cli.main", "report", "--out", str(out), "--step", "1s"]
    subprocess.run(command, env=demo.environment, capture_output=True, timeout=RUN_SECONDS_MAX, check=True)
    page = Page(out.read_text(encoding="utf-8"))
    compare(page, Facts(demo.directory / "operational.sqlite", demo.ledger), seconds=1)
    day = trading_day(SEED, ORDERS)
    flow = {row[0]: row[1] for row in page.table("The flow: records, outcomes, entries, booked")}
    assert flow["records arrived"] == f"{len(day.arrivals):,}"
    assert flow["duplicate"] == f"{day.controls.counts['duplicate']:,}"
    money = {row[0]: (row[1], row[2]) for row in page.table("Money in and money booked")}
    captured = {name: shown(one.figures["captured"], one.exponent) for name, one in day.controls.currencies.items()}
    assert money == {name: (amount, amount) for name, amount in captured.items()}


def test_the_day_is_kept_for_simulate(demo: Demo) -> None:
    day = trading_day(SEED, ORDERS)
    lines = (demo.directory / "demo" / "events.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line) for line in lines] == day.events
    apart = [orjson.loads(line) for line in (demo.directory / "demo" / "apart.jsonl").read_bytes().splitlines()]
    assert [record["astray"] for record in apart].count(True) == 1
    assert orjson.loads((demo.directory / "demo" / "controls.json").read_bytes()) == day.controls.to_json()


def test_the_same_day_again_is_all_duplicates_and_the_books_stay(demo: Demo) -> None:
    day = trading_day(SEED, ORDERS)
    before = read_day(f"sqlite:///{demo.ledger}", day.tenant)
    result = demo.run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"duplicate {day.controls.counts_when_played_again['duplicate']}" in result.stdout
    assert read_day(f"sqlite:///{demo.ledger}", day.tenant) == before


def test_one_posting_moved_to_another_account_fails_the_check(demo: Demo) -> None:
    with sqlite3.connect(demo.ledger) as ledger:
        for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        moved = ledger.execute(
            "UPDATE posting SET account = 'revenue:elsewhere' WHERE (entry_no, line) ="
            " (SELECT entry_no, line FROM posting WHERE account = 'revenue:ropa' LIMIT 1)"
        )
        assert moved.rowcount == 1
    ledger.close()
    result = demo.run()
    assert result.returncode == 1, result.stdout + result.stderr
    assert "difference: verify: altered" in result.stderr
    assert "balance of revenue:elsewhere: intended 0.00, the books show " in result.stderr
