"""What `schemas check` finds: in one schema, in the lock file, between versions."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from schemas import contract_check
from schemas.contract_check import check_contract
from schemas.findings import Finding
from schemas.package_files import LOCK_FILE, avsc_contents, lock_content
from schemas.registry import DRAFT, FROZEN, LockedSchema, fingerprint, read_lock
from tests.unit.schemas.contract_copies import ContractCopy, add_field

FILE = "PaymentCaptured.v1.avsc"
NEXT_FILE = "PaymentCaptured.v2.avsc"
OPTIONAL = {"type": ["null", "string"], "default": None}


def problems_of(change: Callable[[dict[str, Any]], None], *, relock: bool = True) -> list[str]:
    """Problems after a change of one schema, with a lock file that agrees to it or not."""
    contract = ContractCopy()
    contract.change(FILE, change)
    if relock:
        contract.relock(FILE)
    return [finding.problem for finding in contract.findings()]


def test_the_contract_is_clean() -> None:
    assert check_contract(avsc_contents(), lock_content()).findings == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (add_field(type="double"), "lose cents"),
        (add_field(type=["null", "float"], default=None), "lose cents"),
        (add_field(type="string", doc=""), "has no doc"),
        (add_field(type="string", name="Added"), "snake_case"),
        (add_field(type="string", name="customer_email"), "personal data"),
        (add_field(type="string", name="card_number"), "personal data"),
        (add_field(type=["null", "string"]), "default null"),
        (add_field(type=["string", "null"]), "null first"),
        (add_field(type={"type": "array", "items": "null"}), "0 bytes"),
        (add_field(type={"type": "array", "items": {"type": "record", "name": "Empty", "doc": "No fields.", "fields": []}}), "0 bytes"),
        (add_field(type={"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}), "0 bytes"),
        (add_field(type={"type": "enum", "name": "E", "symbols": ["A", "UNKNOWN"], "default": "UNKNOWN"}), "start with UNKNOWN"),
        (add_field(type={"type": "enum", "name": "E", "symbols": ["UNKNOWN", "A"]}), "start with UNKNOWN"),
        (add_field(type="PaymentCaptured"), "contains itself"),
        (add_field(type={"type": "array", "items": "PaymentCaptured"}), "contains itself"),
        (add_field(type=["null", "string", "long"], default=None), "records only"),
        (lambda schema: schema["fields"].pop(0), "envelope"),
        (lambda schema: schema.update(name="Other"), "is not the schema of"),
        (lambda schema: schema.update(namespace="other"), "is not the schema of"),
        (lambda schema: schema.update(type="array", items="string"), "no top-level union"),
        (lambda schema: schema.pop("fields"), "is not Avro"),
        (lambda schema: schema.update(fields=[{"name": "x"}]), "is not Avro"),
        (lambda schema: schema.update(fields=7), "is not Avro"),
        (add_field(type="Nothing"), "is not Avro"),
        (add_field(type={"type": "enum", "name": "E"}), "is not Avro"),
        (lambda schema: schema.update(status="open"), "says open"),
        (lambda schema: schema.pop("status"), "says no status"),
    ],
)
def test_findings(change: Callable[[dict[str, Any]], None], problem: str) -> None:
    assert any(problem in found for found in problems_of(change))


def mend_words(schema: dict[str, Any]) -> None:
    schema["fields"][0]["doc"] = "Better words."


@pytest.mark.parametrize("change", [add_field(**OPTIONAL), mend_words, lambda schema: schema["fields"][-1].pop("default")])
def test_a_frozen_schema_that_was_edited_is_noticed(change: Callable[[dict[str, Any]], None]) -> None:
    """Its words too: they say whether an amount holds the tax."""
    contract = ContractCopy()
    contract.change(FILE, change)
    edited = [finding for finding in contract.findings() if "was locked" in finding.problem]
    assert [str(finding) for finding in edited] == [
        f"{FILE}: is not what was locked as frozen version 1; restore the file from version control, and write what should "
        "change as version 2: python -m schemas.generate --lock"
    ]


def test_a_changed_draft_is_locked_again() -> None:
    contract = ContractCopy()
    contract.change("Ack.v1.avsc", mend_words)
    assert contract.findings() == [
        Finding("Ack.v1.avsc", "", "is not what was locked as draft version 1", "python -m schemas.generate --lock")
    ]


def test_a_frozen_schema_is_not_made_a_draft_in_its_file_alone() -> None:
    assert problems_of(lambda schema: schema.update(status=DRAFT)) == ["says draft, the lock file says frozen"]


def test_files_and_lock_belong_together() -> None:
    files = avsc_contents()
    orphan = {**files, "Other.v1.avsc": files[FILE]}
    assert [finding.problem for finding in check_contract(orphan, lock_content()).findings] == ["is not in the lock file"]
    assert "is not JSON" in check_contract({**files, FILE: b"{"}, lock_content()).findings[0].problem
    assert "cannot be read" in check_contract({}, b"{}").findings[0].problem
    assert "cannot be read" in check_contract({}, b'{"schemas": [{"subject": "a.B"}]}').findings[0].problem
    del files[FILE]
    assert [finding.problem for finding in check_contract(files, lock_content()).findings] == [
        "is in the lock file, but there is no such file"
    ]


def test_a_line_that_was_taken_out_of_the_lock_file_is_noticed() -> None:
    contract = ContractCopy()
    del contract.lines[FILE]
    assert [(finding.file, finding.problem) for finding in contract.findings()] == [(FILE, "is not in the lock file")]


def test_a_version_that_was_taken_out_with_its_file_is_noticed() -> None:
    contract = ContractCopy()
    contract.add_version(FILE, NEXT_FILE, add_field(**OPTIONAL))
    assert contract.findings() == []
    del contract.files[FILE], contract.lines[FILE]
    assert [finding.problem for finding in contract.findings()] == ["a version is missing between 1 and the newest"]


def test_ids_are_given_once() -> None:
    contract = ContractCopy()
    contract.set_line(FILE, id=1)
    assert [finding.problem for finding in contract.findings()] == ["an id or a version is given twice"]


def test_the_status_is_one_of_two_and_only_the_newest_is_a_draft() -> None:
    contract = ContractCopy()
    contract.add_version(FILE, NEXT_FILE, add_field(**OPTIONAL))
    contract.change(FILE, lambda schema: schema.update(status=DRAFT))
    contract.set_line(FILE, status=DRAFT)
    assert [finding.problem for finding in contract.findings()] == ["version 1 is an older draft"]
    contract.set_line(NEXT_FILE, status="open")
    assert "the status open is not known" in [finding.problem for finding in contract.findings()]


def changed_in_the_next_version(change: Callable[[dict[str, Any]], None]) -> list[tuple[str, str, str]]:
    contract = ContractCopy()
    contract.add_version(FILE, NEXT_FILE, change)
    return [(finding.file, finding.place, finding.problem) for finding in contract.findings()]


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        (add_field(type="string"), "PaymentCaptured.added", "a new field is not nullable with default null"),
        (lambda schema: schema["fields"].pop(), "PaymentCaptured.store", "the field was taken out or renamed"),
        (
            lambda schema: schema["fields"][-1].update(type=["null", "long"]),
            "PaymentCaptured.store",
            "the type changed from null or string to null or long",
        ),
    ],
)
def test_what_a_next_version_must_not_change(change: Callable[[dict[str, Any]], None], place: str, problem: str) -> None:
    assert changed_in_the_next_version(change) == [(NEXT_FILE, place, f"against version 1: {problem}")]


def test_a_next_version_may_add_what_may_be_absent_and_mend_words() -> None:
    assert changed_in_the_next_version(add_field(**OPTIONAL)) == []
    assert changed_in_the_next_version(mend_words) == []


@pytest.mark.parametrize(
    ("change", "place", "problem"),
    [
        (add_field(type="string"), "added", "version 2 cannot read version 1: the field is not in what was written, and has no default"),
        (
            lambda schema: schema["fields"].pop(0),
            "event_id",
            "version 1 cannot read version 2: the field is not in what was written, and has no default",
        ),
    ],
)
def test_avro_has_its_say_where_our_rules_have_none(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], None], place: str, problem: str
) -> None:
    """Both directions are resolved as Avro does it, so that a gap in our rules is no gap in the check."""
    monkeypatch.setattr(contract_check, "unlawful_changes", lambda *versions: ())
    assert (NEXT_FILE, f"PaymentCaptured.{place}", problem) in changed_in_the_next_version(change)


def test_every_version_is_compared_with_every_other() -> None:
    """Version 3 keeps to version 2, which dropped what version 1 had: version 1 still has its say."""
    contract = ContractCopy()
    contract.add_version(FILE, NEXT_FILE, lambda schema: schema["fields"].pop())
    contract.add_version(NEXT_FILE, "PaymentCaptured.v3.avsc", lambda schema: None)
    assert [(finding.file, finding.problem[:17]) for finding in contract.findings()] == [
        (NEXT_FILE, "against version 1"),
        ("PaymentCaptured.v3.avsc", "against version 1"),
    ]
    assert check_contract(contract.files, contract.lock()).pairs_compared == 3


def test_the_events_and_outputs_of_part_1_are_frozen() -> None:
    drafts = {line.record_name for line in read_lock(lock_content()) if line.status != FROZEN}
    assert drafts == {"Ack", "OperatorAction", "RawRecord", "FetchRequest"}


def test_the_lock_file_is_read_as_it_is_written() -> None:
    lines = orjson.loads(lock_content())["schemas"]
    assert LockedSchema(**lines[0]).fingerprint == fingerprint(orjson.loads(avsc_contents()["OrderPlaced.v1.avsc"]))
    assert LOCK_FILE == "registry.lock.json"
