"""The whole path over TLS and SCRAM on a broker that refuses by default: each component as a user of its own, with its rights alone."""

import asyncio
import gc
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from asiento.runtime.broker_access import BrokerProblem, check_access
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.kafka_metadata import ask_metadata
from asiento.runtime.settings import Settings
from schemas.access_rights import (
    ADMIN,
    COMPONENTS,
    LAG_EXPORTER,
    LEDGER,
    OPERATOR,
    PRODUCER,
    PROJECTOR,
    READER,
    SWEEPER,
    WORKER,
    needs_of,
    rights_of,
)
from schemas.events import encode_event_json
from schemas.partitioning import partition_for
from schemas.topics import (
    ACCOUNTING_ACKS,
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_ENTRIES,
    ORDERS_EVENTS,
    catalogue,
)
from sources.synthetic.day import trading_day
from tests.integration.order_stream import PARTITIONS, wait_until
from tests.integration.secure_kafka import LISTENERS, ROOT, SecureInstallation, SecureKafka

pytestmark = pytest.mark.kafka

PREFIX = "secure-"
APP_ID = f"{PREFIX}app"
TOPICS = [PREFIX + topic.name for topic in catalogue(APP_ID, PARTITIONS, 1, 1)]


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """The broker of this file."""
    users = {name: f"secret-of-{name}" for name in (*COMPONENTS, ROOT)}
    with SecureKafka(tmp_path_factory.mktemp("kafka"), users) as running:
        yield running


@pytest.fixture(scope="module")
def granted(broker: SecureKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureInstallation]:
    """An installation whose users have exactly the rights of `topics acls`."""
    installation = SecureInstallation(broker, PREFIX, tmp_path_factory.mktemp("secure"))
    users = [word for name in COMPONENTS for word in ("--principal", f"{name}=User:{name}")]
    done = installation.command(ROOT, "topics", "acls", "apply", *users)
    assert done.returncode == 0, done.stderr
    done = installation.command(ADMIN, "topics", "apply")
    assert done.returncode == 0, done.stderr
    installation.begin()
    yield installation
    installation.close()


def day_file(path: Path) -> tuple[Path, int]:
    """A trading day as `events send` takes it; and how many events it has."""
    events = [arrival.event for arrival in trading_day(7, 40).arrivals if arrival.event is not None and not arrival.strays]
    path.write_bytes(b"".join(orjson.dumps(event) + b"\n" for event in events))
    return path, len(events)


def asked(installation: SecureInstallation, user: str) -> dict[str, frozenset[str]]:
    """What the broker lets a user do with each topic."""

    async def ask() -> dict[str, frozenset[str]]:
        client = AIOKafkaClient(**client_options(installation.settings(user)))
        try:
            await client.bootstrap()
            return {topic.name: topic.operations for topic in (await ask_metadata(client, TOPICS)).topics}
        finally:
            await client.close()

    return asyncio.run(ask())


def told(settings: Settings, component: str = WORKER) -> str:
    """Why this component cannot use the broker."""
    with pytest.raises(BrokerProblem) as problem:
        asyncio.run(check_access(settings, component, needs_of(component, settings.app_id, settings.topic_prefix)))
    with warnings.catch_warnings():  # the client leaves connections that were refused to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return str(problem.value)


@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_may_do_what_it_needs_and_nothing_else(granted: SecureInstallation, component: str) -> None:
    wanted = dict.fromkeys(TOPICS, frozenset[str]())
    for right in rights_of(APP_ID, PREFIX):
        if right.component == component and right.name in wanted:
            wanted[right.name] |= set(right.operations)
    assert asked(granted, component) == wanted
    asyncio.run(check_access(granted.settings(component), component, needs_of(component, APP_ID, PREFIX)))


@pytest.mark.parametrize(
    ("user", "topic"),
    [
        (WORKER, ORDERS_EVENTS),
        (LEDGER, ACCOUNTING_ENTRIES),
        (PROJECTOR, ACCOUNTING_ACKS),
        (SWEEPER, ACCOUNTING_ENTRIES),
        (READER, ORDERS_EVENTS),
    ],
)
def test_nobody_writes_what_is_not_his(granted: SecureInstallation, user: str, topic: str) -> None:
    refusals: list[KafkaError | None] = []
    producer = Producer(granted.client(user))
    producer.produce(PREFIX + topic, b"x", on_delivery=lambda error, _: refusals.append(error))
    assert producer.flush(30) == 0
    assert [error.code() for error in refusals if error is not None] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


@pytest.mark.parametrize(("user", "topic"), [(PRODUCER, ORDERS_EVENTS), (WORKER, ACCOUNTING_ENTRIES), (LEDGER, ACCOUNTING_ACKS)])
def test_nobody_reads_what_he_only_writes(granted: SecureInstallation, user: str, topic: str) -> None:
    consumer = Consumer(granted.client(user) | {"group.id": "nobody"})
    consumer.assign([TopicPartition(PREFIX + topic, 0, 0)])
    refusals: list[int] = []

    def refused() -> bool:
        message = consumer.poll(1)
        error = message.error() if message is not None else None
        refusals.extend([] if error is None else [error.code()])
        return KafkaError.TOPIC_AUTHORIZATION_FAILED in refusals

    wait_until(refused, "the broker refuses", 20)
    consumer.close()


@pytest.mark.parametrize(("user", "topic"), [(PRODUCER, ACCOUNTING_ENTRIES), (LEDGER, ORDERS_EVENTS), (OPERATOR, ACCOUNTING_DECISIONS)])
def test_nobody_sees_what_is_not_his(granted: SecureInstallation, user: str, topic: str) -> None:
    seen = AdminClient(granted.client(user)).list_topics(PREFIX + topic, 30).topics[PREFIX + topic]
    assert seen.error is not None
    assert seen.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


@pytest.mark.parametrize("user", [LEDGER, OPERATOR, PRODUCER])
def test_the_workers_transactional_ids_are_his(granted: SecureInstallation, user: str) -> None:
    producer = Producer(granted.client(user) | {"transactional.id": f"{APP_ID}-orders-0"})
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(30)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_a_missing_right_is_named_with_user_operation_topic_and_mend(granted: SecureInstallation) -> None:
    ended = granted.command(LEDGER, "streams", "run")
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
    words = ended.stderr.splitlines()[-1]
    assert f"User:ledger may not read or describe topic {PREFIX}{ORDERS_EVENTS}" in words
    assert f"may not read group {APP_ID}-orders" in words
    assert f"may not write or describe transactional id {APP_ID}-orders-" in words
    assert "`asiento topics acls --principal worker=User:ledger`" in words


@pytest.mark.parametrize(
    ("user", "words", "named"),
    [
        (LEDGER, ("events", "send", "-"), f"may not write or describe topic {PREFIX}{ORDERS_EVENTS}"),
        (WORKER, ("sinks", "run", "ledger"), f"may not read topic {PREFIX}{ACCOUNTING_ENTRIES}"),
        (PRODUCER, ("sinks", "run", "projector"), f"may not read or describe topic {PREFIX}{ACCOUNTING_ACTIONS}"),
        (READER, ("sweeper", "run"), f"may not write topic {PREFIX}{ORDERS_EVENTS}"),
        (PRODUCER, ("verify",), f"topic {PREFIX}{ACCOUNTING_ENTRIES}"),
        (READER, ("topics", "apply"), f"may not create or alter_configs topic {PREFIX}{ORDERS_EVENTS}"),
        (ADMIN, ("topics", "acls", "apply"), "it takes a user with Alter and Describe on the cluster"),
    ],
)
def test_every_command_says_what_it_may_not_do(granted: SecureInstallation, user: str, words: tuple[str, ...], named: str) -> None:
    ended = granted.command(user, *words)
    assert ended.returncode == (1 if "acls" in words else 3)
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_right_taken_from_a_running_worker_ends_it_and_its_next_start_says_why(broker: SecureKafka, tmp_path: Path) -> None:
    prefix = "revoked-"
    installation = SecureInstallation(broker, prefix, tmp_path)
    users = ("--principal", f"worker=User:{WORKER}", "--principal", f"admin=User:{ADMIN}")
    assert installation.command(ROOT, "topics", "acls", "apply", *users).returncode == 0
    assert installation.command(ADMIN, "topics", "apply").returncode == 0
    installation.begin()
    try:
        worker = installation.start_as(WORKER, "streams", "run").wait_ready()
        decisions = f"{prefix}{ACCOUNTING_DECISIONS}"
        installation.take_away(WORKER, decisions)
        installation.stream.send_day(3, 2)
        assert worker.wait_exit() in (71, 73)  # which of both depends on the broker: known causes, no record is blamed
        again = installation.command(WORKER, "streams", "run")
        assert again.returncode == 3
        assert f"User:worker may not write or describe topic {decisions}." in again.stderr
    finally:
        installation.close()


def test_what_is_granted_already_is_not_granted_again(granted: SecureInstallation) -> None:
    users = [word for name in COMPONENTS for word in ("--principal", f"{name}=User:{name}")]
    done = granted.command(ROOT, "topics", "acls", "apply", *users, "--dry-run", "--json")
    report = orjson.loads(done.stdout)
    assert (report["create"], report["applied"]) == ([], False)
    assert report["unchanged"] > 40


def test_a_wrong_password_is_named_with_its_file_and_never_shown(granted: SecureInstallation, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("Zx9-not-the-password")
    ended = granted.command(WORKER, "streams", "run", kafka_sasl_password_file=str(wrong), log_level="debug")
    assert ended.returncode == 3
    assert f"does not accept user worker with the password in {wrong} (SCRAM-SHA-512)" in ended.stderr
    assert "Zx9-not-the-password" not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kafka_ca_file": "foreign"}, r"signed by no CA in .*foreign-ca\.pem"),
        ({"kafka_ca_file": None}, "signed by no CA in the system's list"),
        ({"kafka_bootstrap_servers": "ELSEWHERE"}, "is for another host"),
        ({"kafka_bootstrap_servers": "LATE"}, "has expired; renew it"),
        ({"kafka_bootstrap_servers": "BROKER"}, "hung up on us.*another ASIENTO_KAFKA_SECURITY_PROTOCOL than SASL_SSL"),
        ({"kafka_security_protocol": "PLAINTEXT", "kafka_ca_file": None}, "another ASIENTO_KAFKA_SECURITY_PROTOCOL than PLAINTEXT"),
        ({"kafka_security_protocol": "SSL"}, "another ASIENTO_KAFKA_SECURITY_PROTOCOL than SSL"),
        ({"kafka_security_protocol": "SSL", "kafka_bootstrap_servers": "CERTIFIED"}, "client certificate"),
        ({"kafka_sasl_mechanism": "PLAIN"}, "does not take PLAIN"),
        ({"kafka_bootstrap_servers": "127.0.0.1:1"}, "nobody listens there"),
        ({"kafka_bootstrap_servers": "nowhere.invalid:9092"}, "the host name is not known"),
    ],
)
def test_what_is_wrong_with_a_connection_is_named(granted: SecureInstallation, change: dict[str, str | None], words: str) -> None:
    listeners = {**{name: granted.broker.address(name) for name in LISTENERS}, "BROKER": granted.broker.bootstrap_servers}
    files = {"foreign": str(granted.broker.foreign.ca_file)}
    settings = granted.settings(WORKER, **{name: {**listeners, **files}.get(value or "", value) for name, value in change.items()})
    assert re.search(words, told(settings))


def test_a_client_certificate_is_enough_where_the_broker_asks_for_one(granted: SecureInstallation) -> None:
    certificate, key = granted.broker.authority.issue(PRODUCER)
    by_certificate = {"kafka_security_protocol": "SSL", "kafka_cert_file": str(certificate), "kafka_key_file": str(key)}
    settings = granted.settings(PRODUCER, kafka_bootstrap_servers=granted.broker.address("CERTIFIED"), **by_certificate)
    asyncio.run(check_access(settings, PRODUCER, needs_of(PRODUCER, APP_ID, PREFIX)))
    assert "may not read or describe topic" in told(settings, SWEEPER)


def test_the_whole_path_books_exactly(granted: SecureInstallation, tmp_path: Path) -> None:
    file, count = day_file(tmp_path / "day.jsonl")
    sent = granted.command(PRODUCER, "events", "send", str(file))
    assert sent.returncode == 0, sent.stderr
    lags = granted.command(LAG_EXPORTER, "lag-exporter", "--once", "--json")
    assert lags.returncode == 0, lags.stderr
    assert sum(lag["lag_records"] for lag in orjson.loads(lags.stdout)["groups"][0]["partitions"]) == count
    worker = granted.start_as(WORKER, "streams", "run").wait_ready()
    assert not worker.logged("broker_not_checked")
    granted.sink.start()
    granted.projector.start()
    granted.stream.wait_drained()
    assert len(granted.stream.read(granted.stream.events)) == count

    stray = next(arrival for arrival in trading_day(8, 40).arrivals if arrival.event is not None)
    assert stray.event is not None
    producer = Producer({"bootstrap.servers": granted.broker.bootstrap_servers})
    producer.produce(
        granted.stream.events, encode_event_json(stray.event), stray.key, (partition_for(stray.key, PARTITIONS) + 1) % PARTITIONS
    )
    assert producer.flush(30) == 0
    granted.stream.wait_drained()
    operational = {"operational_url": granted.projector.url}
    wait_until(lambda: _letters(granted, operational) == 1, "the dead letter is projected")
    replayed = granted.command(
        OPERATOR, "dlq", "replay", "--refused-as", "wrong_partition", "--reason", "it went astray", "--by", "ana", "--json", **operational
    )
    assert replayed.returncode == 0, replayed.stderr + replayed.stdout

    sweeper = granted.start_as(SWEEPER, "sweeper", "run", "--clock", "2030-01-01T00:00:00Z")
    wait_until(lambda: sweeper.logged("deadlines_told") or sweeper.process.poll() is not None, "deadlines are told")
    assert sweeper.stop() == 0, sweeper.log_file.read_text()
    assert not sweeper.logged("broker_not_checked")
    granted.stream.wait_drained()
    wait_until(lambda: granted.ledger_lag() == 0 or not granted.sink.running, "all is booked")
    assert granted.sink.running, granted.sink.log.read_text()
    wait_until(lambda: granted.command(READER, "verify").returncode == 0, "the acks are there")
    granted.check_books()
    shown = granted.command(READER, "orders", "show", stray.key.decode(), "--json", **operational)
    assert shown.returncode == 0, shown.stderr
    assert granted.sink.terminate() == 0
    assert granted.projector.terminate() == 0


def _letters(installation: SecureInstallation, operational: dict[str, str]) -> int:
    listed = installation.command(OPERATOR, "dlq", "list", "--json", **operational)
    return len(orjson.loads(listed.stdout)["items"]) if listed.returncode == 0 else -1
