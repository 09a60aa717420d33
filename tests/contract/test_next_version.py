"""A field is added to frozen records, in a copy of the program, by the steps of docs/spec/events.md; old and new understand each other."""

import shutil
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import orjson
import pytest

from schemas.entries import content_hash, encode_entry, entry_to_json
from schemas.events import decode_event, encode_event_json
from schemas.framing import HEADER_BYTES, schema_id_of
from schemas.refusal import Refusal
from schemas.registry import registry
from tests.unit.schemas import examples

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ("PaymentCaptured", "EventCorrected", "JournalEntry")
EDITS = (
    ("schemas/declared/events.py", "PAYMENT_CAPTURED = _event(", 'till where it was paid."),', 'optional("installments", INT, "Number."),'),
    ("schemas/declared/outputs.py", "JOURNAL_ENTRY = record(", '64 hex digits."),', 'optional("approver", TEXT, "Opaque."),'),
    ("asiento/accounting/order_events.py", "class PaymentCaptured(", "store: str | None = None", "installments: int | None = None"),
    ("asiento/accounting/journal.py", "class JournalEntry:", "memo: str", "approver: str | None = None"),
)
"""File, where the record starts in it, the line after which, what is added."""
NEXT_ID = max(registry().by_id) + 1

DRIVER = """
import sys
from dataclasses import replace

import orjson

from schemas.entries import content_hash, decode_entry, encode_entry
from schemas.events import decode_event, decode_to_json, encode_event, encode_event_json, event_to_json

asked = orjson.loads(sys.stdin.buffer.read())
old = decode_event(bytes.fromhex(asked["captured"]))
new_value = encode_event_json({**asked["json"], "installments": 3})
new = decode_event(new_value)
entry = decode_entry(bytes.fromhex(asked["entry"]))
approved = encode_entry(replace(entry.entry, approver="u-7"))
corrected = {**asked["correction"], "replacement": {**asked["json"], "installments": 3}}
answer = {
    "old": {"class": type(old).__name__, "installments": old.installments, "fingerprint": old.fingerprint, "json": event_to_json(old)},
    "new": {"class": type(new).__name__, "installments": new.installments, "value": new_value.hex()},
    "again": encode_event(new).hex(),
    "old correction": decode_to_json(bytes.fromhex(asked["corrected"])),
    "new correction": decode_to_json(encode_event_json(corrected))["replacement"]["installments"],
    "entry": {"approver": entry.entry.approver, "sent": entry.content_hash, "computed": content_hash(entry.entry)},
    "approved": {"value": approved.hex(), "approver": decode_entry(approved).entry.approver},
}
sys.stdout.buffer.write(orjson.dumps(answer))
"""

CAPTURED = examples.captured(store="centro")
CORRECTION: dict[str, Any] = {
    **examples.ENVELOPE,
    "type": "EventCorrected",
    "business_key": "correction:1",
    "supersedes_event_id": examples.OTHER_ID,
}


class Copy:
    """A copy of the program in which files may be changed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for package in ("schemas", "asiento"):
            shutil.copytree(ROOT / package, home / package, ignore=shutil.ignore_patterns("__pycache__"))
        (home / "docs" / "reference").mkdir(parents=True)
        for pages in ("docs/runbooks", "docs/es/runbooks"):
            shutil.copytree(ROOT / pages, home / pages)

    def insert(self, file: str, record: str, line: str, added: str) -> None:
        """Add a line behind another one of a record."""
        path = self.home / file
        before, start, text = path.read_text(encoding="utf-8").partition(record)
        first, end, rest = text.partition(f"{line}\n")
        assert start, f"{record} is not in {file}"
        assert end, f"{line} is not in {file}"
        path.write_text(f"{before}{start}{first}{end}    {added}\n{rest}", encoding="utf-8")

    def run(self, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run Python on the copy."""
        return subprocess.run([sys.executable, *arguments], cwd=self.home, input=given, capture_output=True, check=False, timeout=60)

    def done(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run Python on the copy; the data it prints. It must succeed."""
        found = self.run(*arguments, given=given)
        assert found.returncode == 0, found.stderr.decode()
        return found.stdout

    def check(self) -> tuple[int, dict[str, Any]]:
        """Exit code and report of `asiento schemas check --json`."""
        found = self.run("-m", "asiento.cli.main", "schemas", "check", "--json")
        return found.returncode, orjson.loads(found.stdout)

    def schema(self, file: str) -> dict[str, Any]:
        """The content of an .avsc file."""
        schema: dict[str, Any] = orjson.loads((self.home / "schemas" / "avro" / file).read_bytes())
        return schema


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy after the steps, its new versions frozen."""
    made = Copy(tmp_path_factory.mktemp("next"))
    for edit in EDITS:
        made.insert(*edit)
    refused = made.run("-m", "schemas.generate")
    assert refused.returncode == 1
    assert f"PaymentCaptured: draft version 2, id {NEXT_ID}, is not what is declared".encode() in refused.stderr
    made.done("-m", "schemas.generate", "--lock")
    made.done("-m", "schemas.generate", "--freeze", *RECORDS)
    return made


@pytest.fixture(scope="module")
def answer(copy: Copy) -> dict[str, Any]:
    """What the new program makes of old records, and records of its own."""
    asked = {
        "captured": encode_event_json(CAPTURED).hex(),
        "json": CAPTURED,
        "corrected": encode_event_json({**CORRECTION, "replacement": CAPTURED}).hex(),
        "correction": CORRECTION,
        "entry": encode_entry(examples.INVOICE).hex(),
    }
    found: dict[str, Any] = orjson.loads(copy.done("-c", DRIVER, given=orjson.dumps(asked)))
    return found


def test_a_record_of_the_older_version_is_the_same_event_without_the_new_field(answer: dict[str, Any]) -> None:
    old = decode_event(encode_event_json(CAPTURED))
    assert not isinstance(old, Refusal)
    assert answer["old"]["class"] == "PaymentCaptured"
    assert answer["old"]["installments"] is None
    assert answer["old"]["fingerprint"] == old.fingerprint
    assert answer["old"]["json"] == CAPTURED
    assert answer["old correction"] == {**CORRECTION, "replacement": CAPTURED}
    assert answer["entry"] == {"approver": None, "sent": content_hash(examples.INVOICE), "computed": content_hash(examples.INVOICE)}


def test_the_new_program_reads_and_writes_the_new_field(answer: dict[str, Any]) -> None:
    assert (answer["new"]["class"], answer["new"]["installments"]) == ("PaymentCaptured", 3)
    assert answer["again"] == answer["new"]["value"]
    assert answer["new correction"] == 3
    assert answer["approved"]["approver"] == "u-7"


def read_as_version_1(copy: Copy, name: str, value: bytes) -> Any:
    """What a reader with version 1 makes of a record of version 2, by Avro resolution."""
    written, wanted = (fastavro.parse_schema(copy.schema(f"{name}.v{version}.avsc")) for version in (2, 1))
    return fastavro.schemaless_reader(BytesIO(value[HEADER_BYTES:]), written, wanted)


def test_a_new_record_is_read_with_the_old_schema(copy: Copy, answer: dict[str, Any]) -> None:
    captured = bytes.fromhex(answer["new"]["value"])
    assert read_as_version_1(copy, "PaymentCaptured", captured) == fastavro.schemaless_reader(
        BytesIO(encode_event_json(CAPTURED)[HEADER_BYTES:]), fastavro.parse_schema(registry().latest["PaymentCaptured"].avsc)
    )
    entry = read_as_version_1(copy, "JournalEntry", bytes.fromhex(answer["approved"]["value"]))
    assert "approver" not in entry
    assert entry["content_hash"] == entry_to_json(examples.INVOICE)["content_hash"]


def test_the_old_program_dead_letters_an_id_it_does_not_know(answer: dict[str, Any]) -> None:
    value = bytes.fromhex(answer["new"]["value"])
    assert decode_event(value) == Refusal("unknown_schema_id", f"schema id {schema_id_of(value)}", schema_id_of(value))


def test_the_new_contract_is_clean_and_the_old_files_are_untouched(copy: Copy) -> None:
    code, report = copy.check()
    assert (code, report["pairs_compared"], report["findings"]) == (0, 3, [])
    for path in (ROOT / "schemas" / "avro").iterdir():
        assert (copy.home / "schemas" / "avro" / path.name).read_bytes() == path.read_bytes()
    assert [copy.schema(f"{name}.v2.avsc")["status"] for name in RECORDS] == ["frozen"] * 3
    page = (copy.home / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
    assert f"Version 2, id {NEXT_ID}, frozen; Version 1, id 7, frozen." in page


@pytest.mark.parametrize("file", ["PaymentCaptured.v1.avsc", "PaymentCaptured.v2.avsc"])
def test_an_edit_of_a_frozen_version_is_found(copy: Copy, file: str) -> None:
    path = copy.home / "schemas" / "avro" / file
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Minor units.", b"Major units."))
    try:
        code, report = copy.check()
    finally:
        path.write_bytes(content)
    assert code == 1
    assert [(finding["file"], finding["problem"][:23]) for finding in report["findings"]] == [(file, "is not what was locked ")]


def test_a_line_taken_out_of_the_lock_file_is_found(copy: Copy) -> None:
    path = copy.home / "schemas" / "registry.lock.json"
    content = path.read_bytes()
    lines = [line for line in orjson.loads(content)["schemas"] if line["id"] != 7]
    path.write_bytes(orjson.dumps({"schemas": lines}))
    try:
        code, report = copy.check()
    finally:
        path.write_bytes(content)
    assert code == 1
    assert [(finding["file"], finding["problem"]) for finding in report["findings"]] == [
        ("registry.lock.json", "a version is missing between 1 and the newest"),
        ("PaymentCaptured.v1.avsc", "is not in the lock file"),
    ]
