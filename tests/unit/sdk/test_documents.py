"""JSON Schemas, samples and the AsyncAPI document: up to date, valid, and of one mind with the decoder."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from schemas.event_faults import faults_of
from schemas.event_json_schema import event_json_schema
from schemas.registry import registry
from schemas.topics import ORDERS_EVENTS, catalogue
from sources.sdk.generate import REFERENCE, ROOT, documents
from sources.sdk.samples import samples
from tests.unit.schemas import strategies
from tests.unit.schemas.test_event_faults import broken

EVENTS = {known.record.name: known.record for known in registry().latest.values() if known.record.is_event}
VALIDATORS = {name: Draft202012Validator(event_json_schema(record)) for name, record in EVENTS.items()}
ASYNCAPI = orjson.loads(documents()["asyncapi.json"])


def written() -> dict[str, bytes]:
    folder = ROOT / REFERENCE
    paths = [folder / "asyncapi.json", *(folder / "json-schema").iterdir(), *(folder / "samples").iterdir()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_the_documents_are_those_of_the_schemas() -> None:
    assert written() == documents(), "run python -m sources.sdk.generate"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_every_schema_is_one(name: str) -> None:
    schema = orjson.loads(documents()[f"json-schema/{name}.json"])
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["type"] == {"const": name}


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: f"{sample.RECORD}-{sample.order.order_id}")
def test_every_sample_keeps_its_schema_and_the_contract(sample: Any) -> None:
    twin = sample.to_json()
    VALIDATORS[sample.RECORD].validate(twin)
    assert faults_of(twin) == ()


@given(strategies.events)
def test_what_the_decoder_takes_the_schema_takes(event: dict[str, Any]) -> None:
    if not faults_of(event):
        VALIDATORS[event["type"]].validate(event)


@given(broken())
def test_what_the_schema_refuses_the_decoder_refuses(event: dict[str, Any]) -> None:
    name = event.get("type")
    validator = VALIDATORS.get(name) if isinstance(name, str) else None
    if validator is None or not validator.is_valid(event):
        assert faults_of(event)


@pytest.mark.parametrize(
    "changes", [{"amount": -1}, {"amount": "1"}, {"amount": 0.5}, {"tender": "UNKNOWN"}, {"currency": None}, {"extra": 1}, {"source": "x"}]
)
def test_the_schema_refuses(changes: dict[str, Any]) -> None:
    twin = next(sample for sample in samples() if sample.RECORD == "PaymentCaptured").to_json()
    assert not VALIDATORS["PaymentCaptured"].is_valid({**twin, **changes})


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [value["$ref"]] if "$ref" in value else [found for part in value.values() for found in references(part)]
    return [found for part in value for found in references(part)] if isinstance(value, list) else []


def resolved(reference: str) -> Any:
    found = ASYNCAPI
    for step in reference.removeprefix("#/").split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    found = references(ASYNCAPI)
    assert len(found) > 60
    for reference in found:
        if reference.startswith("#/"):
            assert resolved(reference)
        else:
            path: Path = (ROOT / REFERENCE / reference).resolve()
            assert path.name.endswith(".avsc")
            assert path.is_file()


def test_the_asyncapi_document_names_topics_and_messages_once_each() -> None:
    topics = {spec.name for spec in catalogue("asiento", 48, 3, 2) if not spec.name.endswith("-changelog")}
    assert set(ASYNCAPI["channels"]) == topics
    assert {operation["channel"]["$ref"] for operation in ASYNCAPI["operations"].values()} == {f"#/channels/{name}" for name in topics}
    assert ASYNCAPI["channels"][ORDERS_EVENTS]["messages"].keys() == EVENTS.keys()
    receiving = [name for name, operation in ASYNCAPI["operations"].items() if operation["action"] == "receive"]
    assert receiving == [f"receive.{ORDERS_EVENTS}"]
    assert set(ASYNCAPI["components"]["messages"]) == {known.record.name for known in registry().latest.values()}
