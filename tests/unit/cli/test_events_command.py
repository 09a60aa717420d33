"""`events send` before a broker is asked, and `schemas`."""

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from asiento.cli.event_tail import shown
from asiento.cli.events import encode_lines
from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.json_lines import read_lines
from asiento.cli.main import app
from schemas import package_files
from schemas.event_messages import message_from_json, message_of
from schemas.events import decode_to_json, event_from_json
from schemas.refusal import Refusal
from tests.unit.schemas import examples

BAD = examples.placed(lines=[{**examples.LINE, "quantity": "0"}])


def written(tmp_path: Path, *lines: bytes) -> str:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(lines))
    return str(path)


def test_a_file_is_checked_as_a_whole_and_nothing_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")  # it would be exit 3 if anything were sent
    bomb = b'{"a":' * 100_000 + b"}" * 100_000
    file = written(tmp_path, orjson.dumps(examples.placed()), b"", orjson.dumps(BAD), bomb, b"\x80")
    result = CliRunner().invoke(app, ["events", "send", file, "--json"])
    assert isinstance(result.exception, CommandError)
    assert result.exception.exit_code == 1
    report = orjson.loads(result.stdout)
    assert (report["lines"], report["valid"], report["sent"]) == (4, 1, 0)
    assert [(item["line"], item["reason"]) for item in report["refused"]] == [
        (3, "invalid_field"),
        (4, "invalid_json"),
        (5, "invalid_json"),
    ]
    assert "line 3: invalid_field: lines[0].quantity: a quantity above 0" in result.stderr


def test_a_dry_run_needs_no_broker(tmp_path: Path) -> None:
    file = written(tmp_path, orjson.dumps(examples.placed()), orjson.dumps(examples.delivered()))
    result = CliRunner().invoke(app, ["events", "send", file, "--dry-run"])
    assert result.exit_code == 0
    assert "2 valid, 0 refused, 0 sent" in result.stderr


def test_no_broker_is_exit_3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASIENTO_KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    file = written(tmp_path, orjson.dumps(examples.placed()))
    for command in (["events", "send", file], ["events", "tail", "--limit", "1"]):
        result = CliRunner().invoke(app, command)
        assert isinstance(result.exception, Unreachable)
        assert "127.0.0.1:1" in str(result.exception)


def test_no_file_and_no_key_are_exit_2() -> None:
    for command in (["events", "send", "/no/such/file"], ["events", "tail", "--key", "1001"]):
        assert isinstance(CliRunner().invoke(app, command).exception, UsageError)


def test_lines_are_read_with_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "long"
    path.write_bytes(b"short\n" + b"x" * 1000 + b"\n\n  \nlast")
    with path.open("rb") as stream:
        assert list(read_lines(stream, 10)) == [(1, b"short"), (2, b"x" * 11), (5, b"last")]


def test_messages_are_cloud_events() -> None:
    obj = examples.captured(event_id=examples.EVENT_ID.upper())
    message = message_from_json(obj)
    assert message.key == b"acme:shopify:main:1001"
    assert dict(message.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": examples.EVENT_ID.encode(),
        "ce_type": b"asiento.orders.v1.PaymentCaptured",
        "ce_source": b"shopify:main",
        "ce_subject": b"acme:shopify:main:1001",
        "ce_time": b"2026-01-05T09:39:59Z",
        "content-type": b"application/avro",
    }
    assert message_of(event_from_json(obj)) == message_from_json(examples.captured())
    ((_, encoded),) = encode_lines([(1, orjson.dumps(examples.captured()))])
    assert not isinstance(encoded, Refusal)
    assert encoded.partition(48) == message.partition(48)


def test_tail_shows_what_cannot_be_read() -> None:
    class Record:
        partition, offset, key, value = 3, 7, b"\xff", b"\x01"

    assert shown(Record(), decode_to_json(Record.value)) == {
        "partition": 3,
        "offset": 7,
        "key": "\ufffd",
        "refused": {"reason": "bad_magic", "detail": "the value does not start with byte 0 and a schema id"},
    }


def test_schemas_check_says_where_what_and_how_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    files = package_files.avsc_contents()
    files["FeeCharged.v1.avsc"] = files["FeeCharged.v1.avsc"].replace(b"without tax", b"with tax")
    monkeypatch.setattr(package_files, "avsc_contents", lambda: files)
    result = CliRunner().invoke(app, ["schemas", "check"])
    assert isinstance(result.exception, CommandError)
    assert "FeeCharged.v1.avsc: is not what was locked as frozen version 1; restore the file from version control" in result.stderr
    assert "findings: 1" in result.stderr
    finding = orjson.loads(CliRunner().invoke(app, ["schemas", "check", "--json"]).stdout)["findings"][0]
    assert finding.keys() == {"file", "place", "problem", "mend"}


def test_schemas_check_and_export(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["schemas", "check", "--json"])
    assert result.exit_code == 0
    report = orjson.loads(result.stdout)
    assert (report["schemas"], report["frozen"], report["draft"], report["findings"]) == (29, 25, 4, [])
    assert CliRunner().invoke(app, ["schemas", "export", str(tmp_path / "out"), "--dry-run"]).exit_code == 0
    assert not (tmp_path / "out").exists()
    assert CliRunner().invoke(app, ["schemas", "export", str(tmp_path / "out")]).exit_code == 0
    assert (tmp_path / "out" / "OrderPlaced.v1.avsc").exists()
    assert (tmp_path / "out" / "registry.lock.json").exists()
    assert (tmp_path / "out" / "json-schema" / "OrderPlaced.json").exists()
    document = orjson.loads((tmp_path / "out" / "asyncapi.json").read_bytes())
    for message in document["components"]["messages"].values():
        assert (tmp_path / "out" / message["payload"]["schema"]["$ref"]).is_file()
