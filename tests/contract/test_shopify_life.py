"""One whole order life in Shopify's own shapes: normalize -> simulate gives the entries worked out by hand.

`life_events` gives the same events to tests that send them through a broker.
"""

import json
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner, Result

from asiento.cli.main import app

LIFE = Path(__file__).parent / "shopify_life"
PAYLOADS = sorted(LIFE.glob("[0-9]-*.json"))
SOURCE = "shopify:vida"


def asiento(*arguments: str | Path) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def topic_of(payload: Path) -> str:
    """2-order_transactions-create.json -> order_transactions/create."""
    return payload.stem.split("-", 1)[1].replace("-", "/")


def life_events(state: Path | None) -> list[dict[str, Any]]:
    """The six events of the life, in the order they happened; `state` is a directory for the memory of orders, or None."""
    events = []
    for topic, payloads in groupby(PAYLOADS, key=topic_of):
        memory = ("--state", state) if state else ()
        run = asiento("normalize", "--tenant", "acme", "--source", SOURCE, "--topic", topic, *memory, *payloads)
        assert run.exit_code == 0, run.stderr
        assert not run.stderr or state is None
        events += [json.loads(line) for line in run.stdout.splitlines()]
    return events


class Life(NamedTuple):
    """The events of one run with memory, and the directory of that memory."""

    events: list[dict[str, Any]]
    state: Path


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The life read once."""
    state = tmp_path_factory.mktemp("life") / "state"
    return Life(life_events(state), state)


def simulated(events: list[dict[str, Any]], directory: Path) -> list[dict[str, Any]]:
    """The lines of `asiento simulate` over these events."""
    file = directory / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    run = asiento("simulate", file)
    assert run.exit_code == 0, run.stderr
    return [json.loads(line) for line in run.stdout.splitlines()]


def signed_postings(entry: dict[str, Any]) -> dict[str, int]:
    """Account -> minor units, debit positive, dimensions added up."""
    found: dict[str, int] = {}
    for leg in entry["postings"]:
        found[leg["account"]] = found.get(leg["account"], 0) + (leg["amount"] if leg["side"] == "DEBIT" else -leg["amount"])
    return found


def test_entries_and_balances_are_those_worked_out_by_hand(life: Life, tmp_path: Path) -> None:
    expected = json.loads((LIFE / "expected.json").read_text(encoding="utf-8"))
    lines = simulated(life.events, tmp_path)
    number_of = {event["event_id"]: number for number, event in enumerate(life.events, 1)}
    entries = [line["entry"] for line in lines if "entry" in line]
    assert [
        {"file": number_of[entry["event_id"]], "entry_kind": entry["entry_kind"], "part": entry["part"], "postings": signed_postings(entry)}
        for entry in entries
    ] == expected["entries"]
    assert len(entries) >= 8
    assert lines[-1]["summary"]["trial_balance"] == expected["trial_balance"]
    assert not [line for line in lines if "discrepancy" in line]


def test_a_second_run_tells_nothing_again_and_one_from_the_start_tells_the_same(life: Life, tmp_path: Path) -> None:
    assert life_events(life.state) == []
    assert life_events(tmp_path / "fresh") == life.events


def test_without_memory_the_customer_ends_at_zero_all_the_same(tmp_path: Path) -> None:
    """The refund then states no taxes: the accounting takes the mug from its invoice and the rest as an allowance."""
    balances = simulated(life_events(None), tmp_path)[-1]["summary"]["trial_balance"]["EUR"]
    assert [balances[name] for name in ("accounts_receivable", "contract_liability", "refunds_payable")] == [0, 0, 0]
    assert balances["psp_clearing:shopify_payments"] == 7623


def test_no_person_of_the_payloads_is_in_the_events_or_in_the_memory(life: Life) -> None:
    memory = "".join(path.read_text(encoding="utf-8") for path in life.state.rglob("*.json"))
    text = json.dumps(life.events, ensure_ascii=False) + memory + json.dumps(json.loads(memory), ensure_ascii=False)
    for personal in ("Lucía", "LUCIA", "Pruebas", "Calle", "28013", "600 000", "example.com", "192.0.2.7", "4242", "regalo", "rota"):
        assert personal not in text
