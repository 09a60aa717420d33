"""`orders show` from the operational database and from a file of events: complete, in two languages, as JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from asiento.cli.main import app
from schemas.operator_actions import OperatorAction
from sinks.databases.sqlite import open_sqlite
from sinks.projector.database import OPERATIONAL, migrate
from tests.integration.order_books import life_of_a_mug_order
from tests.projected_stream import MUG_ORDER, STARTED_AT, act, projected_stream
from tests.unit.projector.feeding import written


def _wait(kind: str, event_id: str, **more: Any) -> OperatorAction:
    about = {"subject_kind": "EVENT", "subject": event_id, "order_key": MUG_ORDER, "actor": "ana"}
    return OperatorAction(kind=kind, **about, reason="asked the warehouse", at=STARTED_AT + 8_000_000_000, **more)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with an operational database, no broker, no ledger."""
    stream = projected_stream()
    parked = life_of_a_mug_order("mug-1")[-1]["event_id"]
    act(stream, _wait("ASSIGN", parked, assignee="zoe"))
    database = open_sqlite(tmp_path / "operational.sqlite", OPERATIONAL, for_writing=True)
    migrate(database)
    written(stream, database).close()
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    return tmp_path


def show(*words: str) -> Any:
    return CliRunner().invoke(app, ["orders", "show", *words])


def test_the_database_answers_without_a_broker(installation: Path) -> None:
    page = " ".join(show(MUG_ORDER).stdout.split())
    for text in (
        "from the operational database, as of 2026-03-02",
        "Mug, white [mug] 2 units: 66.66 = R(99.99 * 2/3)",
        "ledger books: posted 2026-03-02",
        "waiting (D11: more than is open, shipped or paid)",
        "Discrepancies",
        "What operators did",
        "ASSIGN zoe",
        "asked the warehouse",
        "captured 187.53",
    ):
        assert text in page, f"{text!r} is not in\n{page}"


def test_the_page_speaks_spanish(installation: Path) -> None:
    page = " ".join(show(MUG_ORDER, "--lang", "es").stdout.split())
    for text in (
        "Pedido acme:shopify:main:mug-1",
        "de la base de datos operativa",
        "Discrepancias",
        "Lo que hicieron los operadores",
        "libro books",
    ):
        assert text in page, f"{text!r} is not in\n{page}"


def test_json_says_everything(installation: Path) -> None:
    report = json.loads(show(MUG_ORDER, "--json").stdout)
    assert (report["source"], report["partition"]) == ("database", report["partition"])
    assert [line["outcome"] for line in report["events"]] == ["posted", "posted", "posted", "duplicate", "posted", "deferred"]
    assert [line["entry"]["entry_seq"] for line in report["entries"]] == [1, 2, 3, 4, 5, 6]
    assert report["entries"][-1]["balances"] == report["state"]["balances"]
    assert {ack["status"] for line in report["entries"] for ack in line["acks"]} == {"POSTED"}
    (parked,) = report["parked"]
    assert (parked["code"], parked["since"][:10]) == ("D11", "2026-03-02")
    assert {one["code"] for one in report["discrepancies"]} == {"D11"}
    assert all(one["message"] for one in report["discrepancies"])
    assert "ASSIGN" in {action["kind"] for action in report["actions"]}


def test_a_refused_record_is_shown_under_its_key(installation: Path) -> None:
    report = json.loads(show("acme:shopify:main:poison-1", "--json").stdout)
    assert [line["refused"] for line in report["events"]] == ["bad_magic"]
    assert [letter["reason"] for letter in report["dead_letters"]] == ["bad_magic"]
    assert "Refused records of this key" in show("acme:shopify:main:poison-1").stdout


def test_a_file_of_events_is_told_by_the_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    file = tmp_path / "events.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in life_of_a_mug_order("mug-1")))
    report = json.loads(show(MUG_ORDER, "--events", str(file), "--json").stdout)
    assert report["source"] == "file"
    assert [line["outcome"] for line in report["events"]] == ["posted", "posted", "posted", "duplicate", "posted", "deferred"]
    assert [line["entry"]["entry_seq"] for line in report["entries"]] == [1, 2, 3, 4, 5, 6]
    assert [one["code"] for one in report["parked"]] == ["D11"]
    assert [(one["code"], one["state"]) for one in report["discrepancies"]] == [("D11", "OPEN")]
    page = show(MUG_ORDER, "--events", str(file)).stdout
    assert "from a file of events" in page
    assert "NOT BOOKED" not in page
    assert show("acme:shopify:main:nobody", "--events", str(file)).exit_code == 1


def test_an_entry_is_explained_from_the_database(installation: Path) -> None:
    report = json.loads(show(MUG_ORDER, "--json").stdout)
    entry_id = report["entries"][-1]["entry"]["entry_id"]
    done = CliRunner().invoke(app, ["explain", entry_id, "--order", MUG_ORDER, "--json"])
    assert json.loads(done.stdout)["entries"][0]["explained"] is True


def test_an_unknown_order_is_exit_1(installation: Path) -> None:
    done = show("acme:shopify:main:nobody")
    assert done.exit_code == 1
    assert "nothing is known of order acme:shopify:main:nobody in the operational database, which may be behind" in str(done.exception)


def test_a_database_that_does_not_answer_is_exit_3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ASIENTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("ASIENTO_OPERATIONAL_URL", "postgresql://nobody:secret@127.0.0.1:9/none")
    done = show(MUG_ORDER)
    assert done.exception is not None
    assert getattr(done.exception, "exit_code", None) == 3
    assert "secret" not in str(done.exception)
