"""Receipts: what became of an event, told by its id."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.main import app
from asiento.cli.receipt_values import receipt_to_json
from schemas.topics import ORDERS_EVENTS
from sinks.databases.sqlite import SqliteDatabase, open_sqlite
from sinks.projector.answers import EventLine
from sinks.projector.database import OPERATIONAL, migrate
from sinks.projector.reader import OperationalReader
from sinks.projector.writer import OperationalWriter
from sinks.receipts import Receipt, receipt_of
from tests.projected_stream import MUG_ORDER, projected_stream
from tests.unit.projector.feeding import Feeder, written
from tests.unit.projector.test_reader import _all_events, reading


def all_receipts() -> list[tuple[list[EventLine], Receipt, dict[str, Any]]]:
    with reading(projected_stream()) as reader:
        by_id: dict[str, list[EventLine]] = {}
        for line in _all_events(reader):
            if line.event_id is not None:
                by_id.setdefault(line.event_id, []).append(line)
        found = []
        for event_id, lines in by_id.items():
            receipt = receipt_of(reader, event_id, ORDERS_EVENTS)
            assert receipt is not None
            found.append((lines, receipt, receipt_to_json(receipt, "en")))
    return found


def test_every_event_has_a_receipt_with_its_entries_documents_and_acks() -> None:
    statuses = set()
    for lines, receipt, shown in all_receipts():
        statuses.add(receipt.status)
        assert len(receipt.records) == len(lines)
        assert receipt.status in {line.outcome or "accepted" for line in lines}
        assert {entry.entry_id for entry in receipt.entries} == {entry_id for line in lines for entry_id in line.entry_ids}
        assert shown["message"]
        assert all(entry["entry_kind"] and entry["posting_date"] for entry in shown["entries"])
        orjson.dumps(shown)
    assert {"posted", "deferred", "rejected"} <= statuses


def test_an_event_sent_twice_is_posted_once_and_says_so() -> None:
    doubled = [shown for lines, receipt, shown in all_receipts() if [line.outcome for line in lines] == ["posted", "duplicate"]]
    assert doubled
    for shown in doubled:
        assert (shown["status"], shown["code"], shown["message"]) == ("posted", None, "The event is in the books.")
        assert [record["outcome"] for record in shown["records"]] == ["posted", "duplicate"]


def test_a_parked_event_says_why_and_what_to_do() -> None:
    receipts = [receipt for _, receipt, _ in all_receipts() if receipt.status == "deferred"]
    assert receipts
    assert receipt_to_json(receipts[0], "en")["message"] != receipt_to_json(receipts[0], "es")["message"]
    assert receipts[0].code is not None


def test_documents_and_ledgers_are_named() -> None:
    shown = [one for _, receipt, one in all_receipts() if receipt.order_key == MUG_ORDER]
    documents = {entry["document_ref"] for one in shown for entry in one["entries"]}
    assert any(ref and ref.startswith("invoice-") for ref in documents)
    acks = [ack for one in shown for entry in one["entries"] for ack in entry["ledgers"]]
    assert acks
    assert {(ack["ledger"], ack["status"]) for ack in acks} == {("books", "POSTED")}


def test_before_it_is_judged_an_event_is_accepted() -> None:
    stream = projected_stream()
    database = SqliteDatabase.in_memory(OPERATIONAL)
    migrate(database)
    feeder = Feeder(OperationalWriter(database), stream)
    feeder.step([(topic, partition, 1_000) for topic, partition in feeder.open if topic == ORDERS_EVENTS])
    with OperationalReader(database) as reader:
        line = next(line for line in _all_events(reader) if line.event_id is not None)
        receipt = receipt_of(reader, str(line.event_id), ORDERS_EVENTS)
    assert receipt is not None
    assert (receipt.status, receipt.entries, receipt.records[0].outcome) == ("accepted", (), None)


def test_an_unknown_id_has_none() -> None:
    with reading(projected_stream()) as reader:
        assert receipt_of(reader, "00000000-0000-4000-8000-000000000000", ORDERS_EVENTS) is None


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["receipts", *arguments])


def test_the_command_reads_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_OPERATIONAL_URL", f"sqlite:///{tmp_path / 'operational.sqlite'}")
    unknown = "00000000-0000-4000-8000-000000000000"
    assert isinstance(run(unknown).exception, Unreachable)
    writer = written(projected_stream(), open_sqlite(tmp_path / "operational.sqlite", OPERATIONAL, for_writing=True))
    writer.database.close()
    event_id = next(receipt.event_id for _, receipt, _ in all_receipts() if receipt.status == "posted" and receipt.entries)
    assert orjson.loads(run(event_id.upper(), "--json").stdout)["status"] == "posted"
    assert "posted: El evento está en los libros." in run(event_id, "--lang", "es").stdout
    assert isinstance(run(unknown).exception, CommandError)
    assert isinstance(run("nothing").exception, UsageError)
