"""The declarations against the files, and what becomes of a changed declaration."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import orjson
import pytest

from schemas import generate
from schemas.contract_check import check_contract
from schemas.declared.words import Declared, optional, required
from schemas.generate import DECLARED, CannotFreeze, Contract, declared_contract, frozen_contract, present_contract
from schemas.package_files import avsc_contents, lock_content
from schemas.reference_pages import pages
from schemas.registry import DRAFT, FROZEN

CAPTURED = "asiento.orders.v1.PaymentCaptured"


NEXT_ID = max(line.id for line in present_contract().lines) + 1


def declared(name: str) -> Declared:
    return deepcopy(next(record for record in DECLARED if record["name"] == name))


def with_field(name: str, field: Declared) -> Declared:
    record = declared(name)
    record["fields"].append(field)
    return record


def new_lines(contract: Contract) -> list[tuple[str, int, int, str]]:
    known = set(present_contract().lines)
    return [(line.record_name, line.version, line.id, line.status) for line in contract.lines if line not in known]


def test_the_contract_is_what_is_declared() -> None:
    contract = declared_contract(present_contract(), DECLARED)
    assert contract.files == avsc_contents(), "run python -m schemas.generate --lock"
    assert contract.lock() == lock_content(), "run python -m schemas.generate --lock"
    assert {line.subject for line in contract.lines} == {f"{record['namespace']}.{record['name']}" for record in DECLARED}


def test_the_reference_pages_are_what_is_declared() -> None:
    for name, text in pages().items():
        assert (generate.REFERENCE / name).read_text(encoding="utf-8") == text, "run python -m schemas.generate"


def test_what_differs_from_a_frozen_version_is_the_next_one() -> None:
    contract = declared_contract(
        present_contract(), [with_field("PaymentCaptured", optional("installments", "int", "Number of installments."))]
    )
    assert new_lines(contract) == [("PaymentCaptured", 2, NEXT_ID, DRAFT)]
    assert contract.files["PaymentCaptured.v1.avsc"] == avsc_contents()["PaymentCaptured.v1.avsc"]
    written = orjson.loads(contract.files["PaymentCaptured.v2.avsc"])
    assert (written["status"], written["fields"][-1]["name"]) == (DRAFT, "installments")
    assert check_contract(contract.files, contract.lock()).findings == ()


def test_a_draft_follows_its_declaration_under_its_id() -> None:
    once = declared_contract(present_contract(), [with_field("PaymentCaptured", optional("installments", "int", "Number."))])
    twice = declared_contract(once, [with_field("PaymentCaptured", optional("installment_count", "int", "Number."))])
    assert new_lines(twice) == [("PaymentCaptured", 2, NEXT_ID, DRAFT)]
    assert orjson.loads(twice.files["PaymentCaptured.v2.avsc"])["fields"][-1]["name"] == "installment_count"


def test_a_new_record_gets_the_next_id() -> None:
    contract = declared_contract(present_contract(), [{**declared("Ack"), "name": "Nack"}])
    assert new_lines(contract) == [("Nack", 1, NEXT_ID, DRAFT)]


def test_the_first_record_of_all() -> None:
    contract = declared_contract(Contract((), {}), [declared("OrderPlaced")])
    assert [(line.version, line.id) for line in contract.lines] == [(1, 1)]
    assert contract.newest(CAPTURED) is None


DRAFTS = ("Ack", "OperatorAction", "RawRecord", "FetchRequest")


def test_freezing_changes_the_status_alone() -> None:
    before = present_contract()
    after = frozen_contract(before, [*DRAFTS, "PaymentCaptured"])
    changed = {name for name in after.files if after.files[name] != before.files[name]}
    assert changed == {f"{name}.v1.avsc" for name in DRAFTS}
    assert after.files["Ack.v1.avsc"] == before.files["Ack.v1.avsc"].replace(b'"status": "draft"', b'"status": "frozen"')
    assert [line.record_name for line in after.lines if line.status != FROZEN] == []
    assert check_contract(after.files, after.lock()).findings == ()


def test_a_frozen_file_is_not_written_again() -> None:
    before = present_contract()
    spaced = {**before.files, "PaymentCaptured.v1.avsc": before.files["PaymentCaptured.v1.avsc"] + b"\n"}
    assert frozen_contract(replace(before, files=spaced), ["PaymentCaptured"]).files == spaced


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (required("more", "string", "A field that old records lack."), "not nullable"),
        (optional("score", "double", "Inexact."), "lose cents"),
    ],
)
def test_what_is_not_right_is_not_frozen(field: Declared, problem: str) -> None:
    contract = declared_contract(present_contract(), [with_field("PaymentCaptured", field)])
    with pytest.raises(CannotFreeze, match=problem):
        frozen_contract(contract, ["PaymentCaptured"])


def test_only_records_of_the_contract_are_frozen() -> None:
    with pytest.raises(CannotFreeze, match="Nothing is no record"):
        frozen_contract(present_contract(), ["Nothing"])


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, records: tuple[Declared, ...], *arguments: str) -> dict[str, bytes]:
    """The files that a run writes into an empty package."""
    (tmp_path / "avro").mkdir(exist_ok=True)
    monkeypatch.setattr(generate, "PACKAGE", tmp_path)
    monkeypatch.setattr(generate, "REFERENCE", tmp_path)
    monkeypatch.setattr(generate, "DECLARED", records)
    generate.main(list(arguments))
    return {path.name: path.read_bytes() for path in (tmp_path / "avro").iterdir()}


def test_a_run_writes_what_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    records = (with_field("PaymentCaptured", optional("installments", "int", "Number.")),)
    with pytest.raises(SystemExit, match=f"PaymentCaptured: draft version 2, id {NEXT_ID}, is not what is declared"):
        run(monkeypatch, tmp_path, records)
    assert set(run(monkeypatch, tmp_path, records, "--lock")) == {"PaymentCaptured.v2.avsc"}
    assert (tmp_path / "events.md").exists()
    assert f'"id": {NEXT_ID}'.encode() in (tmp_path / "registry.lock.json").read_bytes()


def test_a_run_that_cannot_freeze_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    with pytest.raises(SystemExit, match="no record of the contract"):
        run(monkeypatch, tmp_path, DECLARED, "--freeze", "Nothing")
    assert not (tmp_path / "registry.lock.json").exists()


def test_a_frozen_line_is_never_made_a_draft() -> None:
    """Whatever is declared: the line and the file of a frozen version come out as they went in."""
    contract = present_contract()
    frozen = [line for line in contract.lines if line.status == FROZEN]
    changed = [{**deepcopy(record), "doc": "Other words."} for record in DECLARED]
    after = declared_contract(contract, changed)
    assert set(frozen) <= set(after.lines)
    assert all(after.files[line.file_name] == contract.files[line.file_name] for line in frozen)
    assert replace(frozen[0], status=DRAFT) not in after.lines
