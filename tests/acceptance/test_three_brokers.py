"""Three brokers, three copies, two in sync: each is killed in turn, then two at once; nothing is lost, nothing is done by hand."""

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.load import Load, trading_days
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.three_brokers import Installation
from tests.integration.order_stream import PARTITIONS
from tests.kafka_cluster import NODES, KafkaCluster

LOG = logging.getLogger("three brokers")

WORKING_SECONDS_MAX = 30.0
"""From the start of the last broker, healthy or not, until new events are judged and booked."""
SEED = int(os.environ.get("SEED", "1"))


@pytest.fixture
def installation(kafka_cluster: KafkaCluster, topic_prefix: str, tmp_path: Path) -> Iterator[Installation]:
    """Workers, sink and load on the three brokers."""
    pipeline = OrderPipeline(kafka_cluster.bootstrap_servers, topic_prefix, tmp_path, PARTITIONS, 3)
    try:
        running = Installation(kafka_cluster, pipeline, Load(pipeline.stream, trading_days(pipeline.stream, SEED)))
        running.start()
        yield running
    finally:
        kafka_cluster.start()
        pipeline.close()


def kill_and_heal(installation: Installation, numbers: tuple[int, ...]) -> None:
    """kill -9 of one broker: the others go on. Start it again: all copies get in sync, and work goes on all the time."""
    cluster = installation.cluster
    cluster.kill(numbers)
    without = installation.wait_working()
    cluster.start(numbers)
    working = installation.wait_working()
    in_sync = cluster.wait_healthy()
    LOG.warning("nodes %s: working %.1f s after the kill, %.1f s after the heal, in sync %.1f s later", numbers, without, working, in_sync)
    assert working <= WORKING_SECONDS_MAX


@pytest.mark.soak
def test_the_broker_that_coordinates_the_group_is_killed(installation: Installation) -> None:
    """The group's coordinator and some leaders are gone; then the coordinator of the transactions, if it is another."""
    roles = installation.roles()
    kill_and_heal(installation, (roles.group_coordinator,))
    installation.drain()
    installation.pipeline.check_books()


@pytest.mark.soak
def test_each_broker_is_killed_in_turn_then_each_role(installation: Installation) -> None:
    """All three, then whoever is controller, group coordinator and transaction coordinator by then."""
    for number in NODES:
        kill_and_heal(installation, (number,))
    for role in ("controller", "group_coordinator", "transaction_coordinator"):
        kill_and_heal(installation, (getattr(installation.roles(), role),))
    installation.drain()
    LOG.warning("ended for known causes: %s", installation.excused)
    installation.pipeline.check_books()


@pytest.mark.soak
def test_two_of_three_brokers_down_is_a_safe_stop(installation: Installation) -> None:
    """Nothing is judged while one copy is left; with the second broker work goes on by itself, with the third all is in sync."""
    cluster = installation.cluster
    killed = tuple(number for number in NODES if number != installation.roles().group_coordinator)
    cluster.kill(killed)
    installation.until(lambda: not cluster.accepts(installation.pipeline.stream.events), "no record is accepted")
    cluster.start(killed[:1])
    healed_at = time.monotonic()
    installation.wait_working()
    working = time.monotonic() - healed_at
    LOG.warning("two brokers were down: working %.1f s after one of them was started", working)
    assert working <= WORKING_SECONDS_MAX
    cluster.start(killed[1:])
    installation.wait_working()
    cluster.wait_healthy()
    installation.drain()
    LOG.warning("ended for known causes: %s", installation.excused)
    installation.pipeline.check_books()
