"""The gateway on a real broker that is killed under load, and the gateway itself killed while it keeps records on disk."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from asiento.runtime.local_kafka import LocalKafka
from schemas.raw_records import decode_raw_record
from schemas.topics import ORDERS_RAW
from tests.integration.gateway_installation import SECRET, GatewayInstallation, body_of, stop
from tests.integration.order_stream import OrderStream, wait_until

OUTAGE_SECONDS = 3.0
LONG_OUTAGE_SECONDS = 60.0


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A broker that is killed here, so no other test has it."""
    with LocalKafka(tmp_path_factory.mktemp("gateway-kafka")) as broker:
        yield broker


@pytest.fixture
def gateway(own_kafka: LocalKafka, topic_prefix: str, tmp_path: Path) -> Iterator[GatewayInstallation]:
    """An installation with its topics; the process is started by the test."""
    stream = OrderStream(own_kafka.bootstrap_servers, topic_prefix, tmp_path).make_topics()
    yield GatewayInstallation(stream)
    stream.close()


@pytest.mark.kafka
def test_signed_requests_arrive_and_it_ends_in_order(gateway: GatewayInstallation) -> None:
    process = gateway.start()
    load = gateway.run_load(orders=20, count=10)
    assert (len(load.acknowledged), dict(load.refused), load.lost_connections) == (200, {}, 0)
    assert gateway.metric("asiento_gateway_broker_there") == 1
    stop(process)
    gateway.check(load)
    gateway.check_nothing_personal()
    records = gateway.stream.read(gateway.stream.settings.topic(ORDERS_RAW))
    raw = decode_raw_record(next(record.value for record in records if record.key == b"acme:shopify:main:7"))
    assert (raw.body, raw.source_topic, raw.signature, raw.transport_id) == (body_of(7, 0), "orders/updated", "VERIFIED", "7-0")


def _outage(gateway: GatewayInstallation, broker: LocalKafka, seconds: float, orders: int, count: int) -> None:
    process = gateway.start()
    gateway.stream.disconnect()

    def kill_and_start() -> None:
        wait_until(lambda: gateway.metric("asiento_gateway_stored_seconds_count") > 50, "the load has begun")
        broker.kill()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(0.1)
        broker.start()

    load = gateway.run_load(orders, count, seconds + 120, during=kill_and_start)
    wait_until(lambda: gateway.metric("asiento_gateway_spool_records") == 0, "the spool is drained")
    wait_until(lambda: gateway.metric("asiento_gateway_broker_there") == 1, "records go straight to the broker again")
    gateway.stream.connect()
    stop(process)
    assert process.logged("spool_begun")
    assert process.logged("spool_drained")
    assert (len(load.acknowledged), dict(load.refused), load.lost_connections) == (orders * count, {}, 0)
    gateway.check(load)
    gateway.check_nothing_personal()


@pytest.mark.kafka
def test_broker_killed_under_load_loses_nothing_and_refuses_nothing(gateway: GatewayInstallation, own_kafka: LocalKafka) -> None:
    _outage(gateway, own_kafka, OUTAGE_SECONDS, orders=16, count=250)


@pytest.mark.soak
def test_broker_away_for_a_minute_under_load(gateway: GatewayInstallation, own_kafka: LocalKafka) -> None:
    _outage(gateway, own_kafka, LONG_OUTAGE_SECONDS, orders=32, count=3_000)


@pytest.mark.kafka
def test_gateway_killed_while_records_wait_on_disk(gateway: GatewayInstallation, own_kafka: LocalKafka) -> None:
    """kill -9 of the gateway, twice, while the broker is away: what was acknowledged is there once both are back, in order."""
    process = gateway.start()
    gateway.stream.disconnect()
    own_kafka.kill()
    running = [process]

    def kill_twice() -> None:
        for _ in range(2):
            before = gateway.metric("asiento_gateway_spool_records")
            wait_until(lambda least=before + 40: gateway.metric("asiento_gateway_spool_records") >= least, "records wait on disk")  # type: ignore[misc]
            running[-1].kill()
            running.append(gateway.start())
        own_kafka.start()

    load = gateway.run_load(orders=16, count=60, during=kill_twice)
    wait_until(lambda: gateway.metric("asiento_gateway_broker_there") == 1, "the spool is drained")
    gateway.stream.connect()
    stop(running[-1])
    assert len(load.acknowledged) == 16 * 60
    gateway.check(load)


@pytest.mark.kafka
def test_a_full_spool_is_said_and_nothing_of_it_is_lost(gateway: GatewayInstallation, own_kafka: LocalKafka) -> None:
    process = gateway.start(gateway_spool_records_max=100)
    gateway.stream.disconnect()
    own_kafka.kill()
    load = gateway.run_load(orders=10, count=30, seconds_max=12)
    assert set(load.refused) == {503}
    assert len(load.acknowledged) == 100
    own_kafka.start()
    wait_until(lambda: gateway.metric("asiento_gateway_broker_there") == 1, "the spool is drained")
    gateway.stream.connect()
    stop(process)
    gateway.check(load)


@pytest.mark.slow
def test_check_lists_the_sources_without_their_secrets(tmp_path: Path) -> None:
    tmp_path.joinpath("secret").write_bytes(SECRET)
    config = tmp_path / "gateway.yaml"
    config.write_text(f"tenants:\n  acme:\n    shopify:main:\n      secrets: [{{file: {tmp_path}/secret}}]\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
    command = [str(Path(sys.executable).with_name("asiento")), "gateway", "check"]
    environment["ASIENTO_GATEWAY_CONFIG"] = str(config)
    plain = subprocess.run(command, env=environment, capture_output=True, check=True)
    told = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert SECRET not in plain.stdout + plain.stderr + told.stdout + told.stderr
    (source,) = orjson.loads(told.stdout)["sources"]
    assert (source["address"], source["scheme"], source["secrets"]) == ("/in/acme/shopify:main", "shopify", [f"file {tmp_path}/secret"])
    config.write_text(config.read_text().replace("secrets", "secretz"))
    refused = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (refused.returncode, b"the nearest is secrets" in refused.stderr) == (2, True)
