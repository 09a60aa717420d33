"""`schemas serve` and `schemas register`: our server against Confluent's client, our client against our server."""

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient, SchemaRegistryError, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from typer.testing import CliRunner

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.main import app
from asiento.cli.schema_server import routes
from asiento.runtime.health import HealthChecks, HealthServer
from asiento.runtime.metrics import Metrics
from asiento.runtime.registry_client import RegisteredSchema, RegistryAccess, RegistryClient
from schemas.events import decode_event, encode_event_json, event_from_json
from schemas.registry import KnownSchema, registry
from streams.schema_ids import id_clashes
from tests.integration.hand_registry import NOT_FOUND, ServerThread, answer
from tests.unit.schemas import examples

CAPTURED = registry().latest["PaymentCaptured"]
SUBJECT = CAPTURED.locked.subject


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Our registry."""
    server = HealthServer(Metrics(), "127.0.0.1", 0, HealthChecks(), routes())
    yield f"http://127.0.0.1:{server.start()}"
    server.stop()


@pytest.fixture
def client(url: str) -> Iterator[SchemaRegistryClient]:
    """Confluent's client of it."""
    with SchemaRegistryClient({"url": url}) as client:
        yield client


def text(known: KnownSchema) -> str:
    """The text of a schema as its file has it."""
    return json.dumps(known.avsc, indent=1)


def ask(url: str, method: str = "GET", body: bytes | None = None) -> tuple[int, Any]:
    """Status and JSON of an answer."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.netloc, timeout=10)
    with closing(connection):
        connection.request(method, f"{where.path or '/'}?{where.query}", body, {"Content-Type": "application/json"})
        found = connection.getresponse()
        return found.status, json.loads(found.read())


def test_serializer_and_deserializer_of_confluent_work_with_our_records(client: SchemaRegistryClient, url: str) -> None:
    """It asks for the id of the schema it writes with, without leave to register one of its own; the bytes are ours to the last."""
    context = SerializationContext("orders.events.v1", MessageField.VALUE)
    value = encode_event_json(examples.captured())
    stated = AvroDeserializer(client)(value, context)
    configurations: tuple[dict[str, Any], ...] = (
        {"auto.register.schemas": False, "subject.name.strategy": record_subject_name_strategy},
        {"auto.register.schemas": True, "subject.name.strategy": record_subject_name_strategy},
        {"auto.register.schemas": False, "use.latest.version": True, "subject.name.strategy": record_subject_name_strategy},
        {"auto.register.schemas": False},
    )
    for configuration in configurations:
        with SchemaRegistryClient({"url": url}) as fresh:
            written = AvroSerializer(fresh, text(CAPTURED), conf=configuration)(stated, context)
        assert written == value
        assert decode_event(written) == event_from_json(examples.captured())


def test_what_confluents_client_asks(client: SchemaRegistryClient) -> None:
    assert SUBJECT in client.get_subjects()
    assert client.get_versions(SUBJECT) == [1]
    for found in (client.get_latest_version(SUBJECT), client.get_version(SUBJECT, 1), client.get_version(f"orders.events.v1-{SUBJECT}", 1)):
        assert (found.schema_id, found.version) == (CAPTURED.locked.id, 1)
        assert json.loads(found.schema.schema_str or "") == CAPTURED.avsc
    for subject in (SUBJECT, f"orders.events.v1-{SUBJECT}", "orders.events.v1-value"):
        assert client.register_schema(subject, Schema(text(CAPTURED), "AVRO")) == CAPTURED.locked.id
        assert client.lookup_schema(subject, Schema(text(CAPTURED), "AVRO")).schema_id == CAPTURED.locked.id
    assert client.get_compatibility(SUBJECT) == "FULL_TRANSITIVE"


def test_faults_have_confluents_codes(client: SchemaRegistryClient) -> None:
    changed = deepcopy(CAPTURED.avsc)
    changed["fields"].append({"name": "more", "type": ["null", "string"], "default": None, "doc": "New."})
    new = Schema(json.dumps(changed), "AVRO")
    voided = Schema(text(registry().latest["PaymentVoided"]), "AVRO")
    faults: list[tuple[Callable[[], object], int, int]] = [
        (lambda: client.get_versions("com.example.Nothing"), 404, 40401),
        (lambda: client.get_version(SUBJECT, 9), 404, 40402),
        (lambda: client.get_schema(99_999), 404, 40403),
        (lambda: client.lookup_schema(SUBJECT, new), 404, 40403),
        (lambda: client.lookup_schema(SUBJECT, voided), 404, 40403),
        (lambda: client.lookup_schema("com.example.Nothing", new), 404, 40401),
        (lambda: client.register_schema(SUBJECT, new), 422, 42205),
        (lambda: client.register_schema(SUBJECT, voided), 422, 42205),
        (lambda: client.register_schema("orders.events.v1-value", new), 422, 42205),
        (lambda: client.delete_subject(SUBJECT), 422, 42205),
        (lambda: client.set_compatibility(SUBJECT, "NONE"), 422, 42205),
    ]
    for call, status, code in faults:
        with pytest.raises(SchemaRegistryError) as error:
            call()
        assert (error.value.http_status_code, error.value.error_code) == (status, code)


def test_confluents_own_registry_in_memory_answers_the_same() -> None:
    """The codes and shapes that we give are those of the reference: its mock, asked the same."""
    with SchemaRegistryClient.new_client({"url": "mock://reference"}) as mock:
        first = mock.register_schema(SUBJECT, Schema(text(CAPTURED), "AVRO"))
        assert mock.register_schema(SUBJECT, Schema(text(CAPTURED), "AVRO")) == first
        found = mock.get_latest_version(SUBJECT)
        assert (found.schema_id, found.version, json.loads(found.schema.schema_str or "")) == (first, 1, CAPTURED.avsc)
        with pytest.raises(SchemaRegistryError) as error:
            mock.get_schema(99_999)
        assert error.value.http_status_code == 404


def test_pages(url: str) -> None:
    assert ask(url) == (200, {})
    assert ask(f"{url}/schemas/types") == (200, ["AVRO"])
    assert ask(f"{url}/config") == (200, {"compatibilityLevel": "FULL_TRANSITIVE"})
    assert ask(f"{url}/mode") == (200, {"mode": "READONLY"})
    assert ask(f"{url}/schemas/ids/{CAPTURED.locked.id}/versions") == (200, [{"subject": SUBJECT, "version": 1}])
    assert ask(f"{url}/schemas/ids/{CAPTURED.locked.id}/schema") == (200, CAPTURED.avsc)
    assert ask(f"{url}/subjects/{SUBJECT}/versions/latest/schema") == (200, CAPTURED.avsc)
    assert ask(f"{url}/subjects?subjectPrefix=asiento.accounting")[1] == sorted(
        known.locked.subject for known in registry().by_id.values() if known.locked.subject.startswith("asiento.accounting.")
    )
    assert ask(f"{url}/livez") == (200, {"ok": True, "reasons": []})
    assert ask(f"{url}/nothing") == (404, {"error_code": 404, "message": "HTTP 404 Not Found"})
    for version in ("0", "x", "-2"):
        assert ask(f"{url}/subjects/{SUBJECT}/versions/{version}")[1]["error_code"] == 42202
    assert ask(f"{url}/schemas/ids/{'9' * 5000}")[0] == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", 400), (b"[", 400), (b"[]", 42201), (b'{"schema": 5}', 42201), (b'{"schema": "{}", "schemaType": "JSON"}', 42201)],
)
def test_bodies_that_are_no_schema(url: str, body: bytes, code: int) -> None:
    for path in (f"{url}/subjects/{SUBJECT}", f"{url}/subjects/{SUBJECT}/versions"):
        assert ask(path, "POST", body)[1]["error_code"] == code


async def test_our_client_against_our_server(url: str) -> None:
    client = RegistryClient(RegistryAccess(url=url, timeout_seconds=10.0))
    found = await client.schema(CAPTURED.locked.id)
    assert isinstance(found, RegisteredSchema)
    assert json.loads(found.text) == CAPTURED.avsc
    assert await client.schema(99_999) is None
    assert await client.register(SUBJECT, found.text) == CAPTURED.locked.id
    assert await client.look_up(SUBJECT, '{"type": "string"}') is None
    assert await id_clashes(client) == ()


def test_serve_is_a_process_that_ends_with_sigterm() -> None:
    command = [sys.executable, "-m", "asiento.cli.main", "schemas", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        assert ask(f"{url}/readyz") == (200, {"ok": True, "reasons": []})
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_taken_port_is_a_plain_message(url: str) -> None:
    result = CliRunner().invoke(app, ["schemas", "serve", "--port", url.rpartition(":")[2]])
    assert isinstance(result.exception, CommandError)
    assert "name another --host or --port" in str(result.exception)


# -- register ---------------------------------------------------------------------------------------------------------


class GrowingRegistry:
    """Gives ids from `next_id` on; keeps what is registered."""

    def __init__(self, next_id: int) -> None:
        self.next_id = next_id
        self.ids: dict[tuple[str, str], int] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The part of the API that our client uses."""
        if request.method == "GET":
            wanted = int(request.path.rpartition("/")[2])
            found = next((text for (_, text), schema_id in self.ids.items() if schema_id == wanted), None)
            return answer(NOT_FOUND, 404) if found is None else answer({"schema": found})
        subject = request.path.split("/")[2]
        key = subject, (await request.json())["schema"]
        if request.path.endswith("/versions") and key not in self.ids:
            self.ids[key] = self.next_id
            self.next_id += 1
        return answer({"id": self.ids[key]}) if key in self.ids else answer(NOT_FOUND, 404)


EVENTS = [known for known in registry().by_id.values() if known.record.is_event]


def run(*words: str) -> Any:
    """Run a command; its result."""
    return CliRunner().invoke(app, ["schemas", "register", *words])


@pytest.mark.parametrize("next_id", [1, 1000])
def test_register_is_idempotent_and_prints_the_ids(next_id: int) -> None:
    growing = GrowingRegistry(next_id)
    with ServerThread(growing.handle) as server:
        dry = json.loads(run("--registry", server.url, "--dry-run", "--json").stdout)
        assert {schema["id"] for schema in dry["schemas"]} == {None}
        assert growing.ids == {}
        first = json.loads(run("--registry", server.url, "--json").stdout)
        assert [schema["id"] for schema in first["schemas"]] == list(range(next_id, next_id + len(EVENTS)))
        assert first["clashes"] is None
        again = run("--registry", server.url)
        assert again.exit_code == 0
        assert f"{next_id}  asiento.orders.v1.OrderPlaced  version 1" in again.stdout
        assert len(growing.ids) == len(EVENTS)


def test_register_tells_ids_that_contradict_the_lock_file() -> None:
    with ServerThread(GrowingRegistry(3).handle) as server:
        result = run("--registry", server.url)
    assert isinstance(result.exception, CommandError)
    assert "id 5 is asiento.orders.v1.PaymentVoided here and asiento.orders.v1.OrderCancelled there" in str(result.exception)


def test_register_says_what_is_wrong(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(run().exception, UsageError)
    monkeypatch.setenv("ASIENTO_REGISTRY_URL", "http://127.0.0.1:1")
    assert isinstance(run().exception, Unreachable)
    monkeypatch.setenv("ASIENTO_REGISTRY_URL", url)
    assert json.loads(run("--dry-run", "--json").stdout)["schemas"][0]["id"] == 1

    async def refuse(_: web.Request) -> web.Response:
        return answer({"error_code": 42205, "message": "read-only"}, 422)

    with ServerThread(refuse) as server:
        result = run("--registry", server.url)
    assert isinstance(result.exception, CommandError)
    assert "read-only" in str(result.exception)
