"""What `schemas check` finds."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from schemas import generate, lint
from schemas.package_files import avsc_contents, lock_content
from schemas.reference_pages import pages
from schemas.registry import fingerprint

FILE = "PaymentCaptured.v1.avsc"


def findings(change: Callable[[dict[str, Any]], None], *, relock: bool = True) -> list[str]:
    """Problems after a change of one schema, with a lock file that agrees to it or not."""
    files, lock = avsc_contents(), orjson.loads(lock_content())
    schema = orjson.loads(files[FILE])
    change(schema)
    files[FILE] = orjson.dumps(schema)
    if relock:
        for line in lock["schemas"]:
            if line["subject"].endswith(".PaymentCaptured"):
                line["fingerprint"] = fingerprint(schema)
    return [finding.problem for finding in lint.check(files, orjson.dumps(lock))]


def add_field(**field: Any) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema["fields"].append({"doc": "For a test.", "name": "added", **field})


def test_the_contract_is_clean() -> None:
    assert lint.check(avsc_contents(), lock_content()) == ()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (add_field(type="double"), "lose cents"),
        (add_field(type=["null", "float"], default=None), "lose cents"),
        (add_field(type="string", doc=""), "needs a doc"),
        (add_field(type="string", name="Added"), "snake_case"),
        (add_field(type="string", name="customer_email"), "personal data"),
        (add_field(type="string", name="card_number"), "personal data"),
        (add_field(type=["null", "string"]), "default null"),
        (add_field(type=["string", "null"]), "null first"),
        (add_field(type={"type": "array", "items": "null"}), "0 bytes"),
        (add_field(type={"type": "array", "items": {"type": "record", "name": "Empty", "doc": "No fields.", "fields": []}}), "0 bytes"),
        (add_field(type={"type": "array", "items": {"type": "fixed", "name": "F", "size": 0}}), "0 bytes"),
        (add_field(type={"type": "enum", "name": "E", "symbols": ["A", "UNKNOWN"], "default": "UNKNOWN"}), "starts with UNKNOWN"),
        (add_field(type={"type": "enum", "name": "E", "symbols": ["UNKNOWN", "A"]}), "starts with UNKNOWN"),
        (add_field(type="PaymentCaptured"), "contains itself"),
        (add_field(type={"type": "array", "items": "PaymentCaptured"}), "contains itself"),
        (add_field(type=["null", "string", "long"], default=None), "records only"),
        (lambda schema: schema["fields"].pop(0), "envelope"),
        (lambda schema: schema.update(name="Other"), "is not the schema of"),
        (lambda schema: schema.update(type="array", items="string"), "no top-level union"),
    ],
)
def test_findings(change: Callable[[dict[str, Any]], None], problem: str) -> None:
    assert any(problem in found for found in findings(change))


def test_a_changed_schema_needs_a_new_version() -> None:
    assert findings(add_field(type=["null", "string"], default=None), relock=False) == [
        "changed, but is still version 1: write the change as version 2"
    ]


def test_words_may_be_mended() -> None:
    def mend(schema: dict[str, Any]) -> None:
        schema["doc"] = schema["fields"][0]["doc"] = "Better words."

    assert findings(mend, relock=False) == []


def test_files_and_lock_belong_together() -> None:
    files = avsc_contents()
    orphan = {**files, "Other.v1.avsc": files[FILE]}
    assert [finding.problem for finding in lint.check(orphan, lock_content())] == [
        "is not in the lock file: give it a version and an id there"
    ]
    del files[FILE]
    assert [finding.problem for finding in lint.check(files, lock_content())] == ["is in the lock file, but there is no such file"]
    assert "is not JSON" in lint.check({**avsc_contents(), FILE: b"{"}, lock_content())[0].problem
    assert "cannot be read" in lint.check({}, b"{}")[0].problem


def second_version(change: Callable[[dict[str, Any]], None]) -> list[str]:
    files, lock = avsc_contents(), orjson.loads(lock_content())
    schema = orjson.loads(files[FILE])
    change(schema)
    files["PaymentCaptured.v2.avsc"] = orjson.dumps(schema)
    lock["schemas"].append({"subject": "asiento.orders.v1.PaymentCaptured", "version": 2, "id": 999, "fingerprint": fingerprint(schema)})
    return [finding.problem for finding in lint.check(files, orjson.dumps(lock))]


def test_a_new_version_only_adds_what_may_be_absent() -> None:
    assert second_version(add_field(type=["null", "string"], default=None)) == []
    assert second_version(add_field(type="string")) == ["a new field is nullable with default null"]
    assert second_version(lambda schema: schema["fields"].pop()) == ["a field was taken out: it stays, unused"]
    assert second_version(lambda schema: schema["fields"][-1].update(type=["null", "long"])) == [
        "the type of a field changed: add another field"
    ]


def test_ids_are_given_once() -> None:
    lock = orjson.loads(lock_content())
    lock["schemas"][0]["id"] = lock["schemas"][1]["id"]
    assert "given twice" in lint.check(avsc_contents(), orjson.dumps(lock))[0].problem


def test_the_files_are_what_is_declared() -> None:
    assert generate.avsc_files() == avsc_contents()
    assert generate.lock_content() == lock_content()


def test_the_reference_pages_are_what_is_declared() -> None:
    for name, text in pages().items():
        assert (generate.REFERENCE / name).read_text(encoding="utf-8") == text, "run python -m schemas.generate"
