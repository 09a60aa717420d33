"""`asiento validate`: whatever form the events are kept in, each fault with its line, pointer and mending."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from asiento.cli import event_reading
from asiento.cli.event_reading import judge_events
from asiento.cli.events import encode_lines
from asiento.cli.exits import CommandError, UsageError
from asiento.cli.json_lines import read_lines
from asiento.cli.json_places import position_of
from asiento.cli.main import app
from schemas.refusal import Refusal
from sources.sdk.samples import samples
from tests.unit.schemas import examples
from tests.unit.schemas.test_event_faults import broken

GOOD = examples.placed()
BAD = examples.placed(lines=[examples.LINE, {**examples.LINE, "quantity": "0"}], total="1")


def found(content: bytes) -> list[tuple[int, str, str]]:
    return [(at.line, at.fault.reason, at.fault.pointer) for judged in judge_events(BytesIO(content)) for at in judged.faults]


def count(content: bytes) -> int:
    return len(list(judge_events(BytesIO(content))))


def pretty(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2)


def line_of(content: bytes, needle: bytes, nth: int = 1) -> int:
    position = -1
    for _ in range(nth):
        position = content.index(needle, position + 1)
    return content.count(b"\n", 0, position) + 1


def test_json_lines_are_judged_line_by_line() -> None:
    content = b"\n".join([b"", orjson.dumps(GOOD), b"", orjson.dumps(BAD), b"{", b"\x80", b"[]", b"7"])
    assert found(content) == [
        (4, "invalid_field", "/lines/1/quantity"),
        (4, "invalid_field", "/total"),
        (5, "invalid_json", ""),
        (6, "invalid_json", ""),
        (7, "invalid_json", ""),
        (8, "invalid_json", ""),
    ]
    assert count(content) == 6


def test_an_object_over_many_lines_is_one_event_and_its_faults_have_their_lines() -> None:
    content = b"\n\n" + pretty(BAD)
    assert count(content) == 1
    assert found(content) == [
        (line_of(content, b'"quantity"', 2), "invalid_field", "/lines/1/quantity"),
        (line_of(content, b'"total"'), "invalid_field", "/total"),
    ]


def test_an_array_is_its_items() -> None:
    for content in (orjson.dumps([GOOD, BAD]), pretty([GOOD, BAD]), b"\n[\n]\n", b"[]"):
        assert count(content) == len(orjson.loads(content))
    content = pretty([GOOD, BAD])
    assert [line for line, _, _ in found(content)] == [line_of(content, b'"quantity"', 3), line_of(content, b'"total"', 2)]


def test_objects_one_after_the_other_are_read_as_jq_writes_them() -> None:
    content = pretty(GOOD) + b"\n" + pretty(BAD)
    assert count(content) == 2
    assert found(content)[1] == (line_of(content, b'"total"', 2), "invalid_field", "/total")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (pretty([GOOD])[:-2], (len(pretty([GOOD]).splitlines()) - 1, "invalid_json", "")),
        (b"[\n" + orjson.dumps(GOOD) + b"\n" + orjson.dumps(GOOD) + b"]", (3, "invalid_json", "")),
        (b"[\n1\n", (2, "invalid_json", "")),
        (b"[\nNaN]", (2, "invalid_json", "")),
        (b"[" * 100_000, (1, "invalid_json", "")),
        (b'[{"a":' * 100_000, (1, "invalid_json", "")),
        (b'[\n"\xff"]', (2, "invalid_json", "")),
    ],
)
def test_where_an_array_ends_to_be_json_is_its_last_fault(content: bytes, place: tuple[int, str, str]) -> None:
    assert place in found(content)


def test_a_broken_first_line_leaves_the_others_judged() -> None:
    content = b'{"type": "OrderPlaced",\n' + orjson.dumps(GOOD) + b"\n" + orjson.dumps(BAD)
    assert [line for line, _, _ in found(content)] == [1, 3, 3]
    assert count(content) == 3


def test_a_line_that_is_too_long_is_one_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_reading, "JSON_BYTES_MAX", 100)
    monkeypatch.setattr("schemas.events.JSON_BYTES_MAX", 100)
    assert found(b"1\n" + b" " * 50 + b"x" * 1000 + b"\n2")[1] == (2, "too_large", "")
    assert found(pretty([{"a": "x" * 200}])) == [(2, "too_large", "")]


def test_an_array_is_read_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_reading, "DOCUMENT_BYTES_MAX", 1000)
    with pytest.raises(CommandError, match="one event per line"):
        found(pretty([GOOD] * 3))
    assert count(b"{\n" + (orjson.dumps(GOOD) + b"\n") * 3) == 4


@given(st.lists(broken(), min_size=1, max_size=4))
def test_every_form_and_events_send_have_one_verdict(events: list[dict[str, Any]]) -> None:
    lines = b"\n".join(orjson.dumps(event) for event in events)
    sent = [isinstance(message, Refusal) for _, message in encode_lines(read_lines(BytesIO(lines), 1 << 22))]
    for content in (lines, pretty(events), b"\n".join(pretty(event) for event in events), json.dumps(events).encode()):
        assert [bool(judged.faults) for judged in judge_events(BytesIO(content))] == sent


def test_a_pointer_finds_the_last_of_two_fields_of_one_name() -> None:
    text = ' { "a" : [1, {"b~/": 2}], "x": {}, "a": [3 , {"b~/": 4} ] } '
    assert text[position_of(text, 0, "/a/1/b~0~1")] == "4"
    assert text[position_of(text, 0, "/a/7")] == "["
    assert text[position_of(text, 0, "/x/missing")] == "{"
    assert text[position_of(text, 0, "")] == "{"


def run(*arguments: str, stdin: bytes | None = None) -> Any:
    return CliRunner().invoke(app, ["validate", *arguments], input=stdin)


def test_valid_files_are_exit_0(tmp_path: Path) -> None:
    path = tmp_path / "samples.json"
    path.write_bytes(pretty([sample.to_json() for sample in samples()]))
    result = run(str(path), "-", stdin=orjson.dumps(GOOD))
    assert (result.exit_code, result.stdout) == (0, "")
    assert f"{len(samples()) + 1} events: {len(samples()) + 1} valid, 0 with faults" in result.stderr


def test_faults_are_exit_1_with_place_and_mending(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(orjson.dumps(GOOD) + b"\n" + orjson.dumps(BAD))
    result = run(str(path))
    assert isinstance(result.exception, CommandError)
    assert result.stdout.splitlines()[1].startswith(f"{path}:2: /total: a whole number of 64 bits is expected (invalid_field). State money")
    as_json = [orjson.loads(line) for line in run(str(path), "--json").stdout.splitlines()]
    assert as_json[-1] == {"summary": {"events": 2, "valid": 1, "faulty": 1, "faults": 2}}
    assert (as_json[0]["line"], as_json[0]["pointer"], as_json[0]["event_id"]) == (2, "/lines/1/quantity", examples.EVENT_ID)


def test_no_file_is_exit_2() -> None:
    assert isinstance(run("no-such-file").exception, UsageError)
    assert run().exit_code == 2
