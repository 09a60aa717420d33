"""Fifty planted problems: each is listed, explained in words and mended by the documented command; then the books are what was meant."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.cli.main import app
from asiento.cli.simulation import Simulation
from schemas.partitioning import partition_for
from sinks.trial_balance import read_trial_balance
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.planted_problems import POISON, Problem, arrivals, plant
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(600)]

Json = dict[str, Any]
WHO = ("--reason", "the source confirmed it", "--by", "ana")
TEN_DAYS_LATER = "2026-03-12T12:00:00Z"
SENTENCE_LETTERS_MIN = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """What the lists show: refused records by key, ids of unsettled events, open discrepancies."""

    letters: dict[str, Json]
    events: set[str]
    findings: list[Json]


class Shop:
    """A whole installation: worker, sink, projector, and the command line in this process."""

    def __init__(self, pipeline: OrderPipeline, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pipeline = pipeline
        self.stream = pipeline.stream
        self.directory = directory
        self.projector = Projector(directory, self.stream.kafka, self.stream.settings.topic_prefix)
        for name, value in (self.projector.environment | pipeline.sink.environment).items():
            if name.startswith("ASIENTO_"):
                monkeypatch.setenv(name, value)
        self.stream.start_worker()
        pipeline.sink.start()
        self.projector.start()

    def send(self, problems: list[Problem], seed: int) -> None:
        """Everything that arrives, in one order of arrival."""
        with self.stream.producer() as producer:
            for sent in arrivals(problems, seed):
                partition = (partition_for(sent.key, self.stream.partitions) + sent.astray) % self.stream.partitions
                producer.produce(self.stream.events, sent.value, sent.key, partition)

    def settle(self) -> None:
        """Wait until all is judged, booked and projected."""
        self.stream.wait_drained()
        wait_until(lambda: self.pipeline.ledger_lag() == 0, "all entries are booked")
        asyncio.run(self.projector.wait_caught_up(self.stream.partitions))

    def sweep(self, clock: str) -> None:
        """Let a sweeper tell what is due at a time, and end it."""
        told = len(self.stream.read(self.stream.events))
        sweeper = self.stream.start(("-m", "asiento.cli.main", "sweeper", "run", "--clock", clock))
        wait_until(lambda: sweeper.logged("deadlines_told") and self.stream.lag() == 0, "deadlines are told")
        wait_until(lambda: self.command("deadlines", "list", "--before", clock) == [], "no deadline is left")
        assert sweeper.stop() == 0
        assert len(self.stream.read(self.stream.events)) > told

    def command(self, *words: str, stdin: Any = None) -> Any:
        """What a command says as JSON; it must succeed."""
        result = CliRunner().invoke(app, [*words, "--json"], input=None if stdin is None else orjson.dumps(stdin))
        assert result.exception is None, f"{words}: {result.exception!r}"
        return orjson.loads(result.stdout)

    def listed(self, *words: str) -> list[Json]:
        """All items of a list."""
        items: list[Json] = self.command(*words, "--limit", "1000")["items"]
        return items


@pytest.fixture
def shop(pipeline: OrderPipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """An installation of this test's own."""
    found = Shop(pipeline, tmp_path, monkeypatch)
    yield found
    found.projector.close()


def simulated(problems: list[Problem]) -> dict[str, dict[str, int]]:
    """The trial balance of `asiento simulate` of what was meant."""
    simulation = Simulation(DEFAULT_POLICIES)
    lines = b"".join(orjson.dumps(event) + b"\n" for problem in problems for event in problem.intended)
    for _ in simulation.run(BytesIO(lines)):
        pass
    balance: dict[str, dict[str, int]] = simulation.summary()["summary"]["trial_balance"]
    return balance


def _standing(balances: Mapping[str, Mapping[str, int]]) -> dict[tuple[str, str], int]:
    """Balances that are not zero: suspense that was cleared again leaves an account behind."""
    return {(currency, account): amount for currency, of in balances.items() for account, amount in of.items() if amount}


def explained(text: str) -> None:
    """A sentence for people: long enough to say something, ended, and no placeholder left in it."""
    assert len(text) >= SENTENCE_LETTERS_MIN, text
    assert text[0].isupper() or not text[0].isalpha(), text
    assert text.rstrip().endswith((".", "!", "?")), text
    assert "{" not in text, text


@pytest.mark.parametrize("seed", [1])
def test_fifty_problems_are_listed_explained_and_mended(shop: Shop, seed: int) -> None:
    problems = plant(seed)
    assert len(problems) == 50
    shop.send(problems, seed)
    shop.settle()
    _read_pages(shop, [problem for problem in problems if problem.kind != "late_capture"])
    shop.sweep(TEN_DAYS_LATER)
    shop.settle()
    _read_pages(shop, [problem for problem in problems if problem.kind == "late_capture"])
    for problem in problems:
        _mend(shop, problem)
    shop.settle()
    left = Counter((item["code"], item["order_key"].rpartition(":")[2]) for item in shop.listed("discrepancies", "list"))
    assert left == {}
    assert shop.listed("events", "list") == []
    assert shop.listed("dlq", "list") == []
    assert _standing(read_trial_balance(f"sqlite:///{shop.pipeline.sink.ledger}")) == _standing(simulated(problems))
    done = shop.pipeline.asiento("verify", "--json")
    assert done.returncode == 0, done.stdout


def _read_pages(shop: Shop, problems: list[Problem]) -> None:
    """Each problem is on a list, and its page says in both languages what happened and what to do."""
    desk = Desk(
        letters={item["order_key"]: item for item in shop.listed("dlq", "list")},
        events={item["event_id"] for outcome in ((), ("--outcome", "conflict")) for item in shop.listed("events", "list", *outcome)},
        findings=shop.listed("discrepancies", "list"),
    )
    for problem in problems:
        for language in ("en", "es"):
            for text in _page(shop, problem, language, desk):
                explained(text)


def _page(shop: Shop, problem: Problem, language: str, desk: Desk) -> tuple[str, str]:
    """What happened and what to do, in the words of the page; notes under which name the desk knows the problem."""
    match problem.kind:
        case kind if kind in POISON:
            key = f"{problem.order_key}-other" if kind == "wrong_key" else problem.order_key
            page = shop.command("dlq", "show", desk.letters[key]["subject"], "--lang", language)
            assert page["reason"] == kind
            problem.subject = page["subject"]
            return page["meaning"], page["mend"]
        case "late_capture" | "first_is_right" | "newer_is_right":
            codes = ("D16",) if problem.kind == "late_capture" else ("D21", "D22")
            (finding,) = [item for item in desk.findings if item["order_key"] == problem.order_key and item["code"] in codes]
            assert problem.kind == "late_capture" or problem.wrong_id in desk.events
            page = shop.command("discrepancies", "show", finding["discrepancy_id"], "--lang", language)
            problem.subject = finding["discrepancy_id"]
            return page["happened"], page["action"]
        case _:
            assert problem.wrong_id in desk.events, (problem.kind, problem.wrong_id)
            message = shop.command("events", "show", problem.wrong_id, "--lang", language)["message"]
            return message["happened"], message["action"]


def _mend(shop: Shop, problem: Problem) -> None:
    """What docs/desk.md says for such a problem."""
    match problem.kind:
        case "wrong_partition":
            shop.command("dlq", "replay", problem.subject, *WHO)
        case "wrong_key" | "trailing_bytes":
            shop.command("dlq", "fix", problem.subject, *WHO)
        case kind if kind in POISON:
            shop.command("dlq", "fix", problem.subject, "--event", "-", *WHO, stdin=problem.right)
        case "wrong_total":
            shop.command("events", "fix", problem.wrong_id, "--set", f"total={problem.right['total']}", *WHO)
        case "newer_is_right":
            shop.command("events", "fix", problem.wrong_id, *WHO)
        case "first_is_right":
            shop.command("discrepancies", "resolve", problem.subject, *WHO)
        case _:
            shop.command("events", "send", "-", stdin=problem.right)
