"""The whole path over TLS and SCRAM on a broker that refuses by default: each component as a user of its own, with its rights alone."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from confluent_kafka import Producer

from schemas.access_rights import ADMIN, COMPONENTS, OPERATOR, PRODUCER, READER, SWEEPER, WORKER
from schemas.events import encode_event_json
from schemas.partitioning import partition_for
from sources.synthetic.day import trading_day
from tests.integration.order_stream import PARTITIONS, wait_until
from tests.integration.secure_kafka import ROOT, SecureInstallation, SecureKafka

pytestmark = pytest.mark.kafka

PREFIX = "secure-"


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


def test_the_whole_path_books_exactly(granted: SecureInstallation, tmp_path: Path) -> None:
    file, count = day_file(tmp_path / "day.jsonl")
    sent = granted.command(PRODUCER, "events", "send", str(file))
    assert sent.returncode == 0, sent.stderr
    granted.start_as(WORKER, "streams", "run").wait_ready()
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
