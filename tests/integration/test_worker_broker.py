"""The order worker when its broker dies: it waits or ends itself, a restart goes on, the books are right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asiento.runtime.local_kafka import LocalKafka
from streams.engine.failure import KNOWN_CAUSES
from tests.integration.order_stream import OrderStream, Worker, wait_until


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


@pytest.mark.soak
def test_broker_killed_and_started_again_under_load(stream: OrderStream, local_kafka: LocalKafka) -> None:
    """kill -9 of the broker while a worker has lag; whoever ended itself named a known cause or the missing broker."""
    records = stream.send_day(seed=60, orders=60)
    worker = stream.start_worker(instance_id="w1", merged_records_max=20).wait_ready()
    wait_until(lambda: sum(stream.committed().values()) > 0, "the worker has begun")
    stream.disconnect()
    local_kafka.kill()
    local_kafka.start()
    stream.connect()
    worker = supervised_until_drained(stream, worker)
    assert worker.stop() == 0
    assert len(stream.check_books().outcomes) == records


def supervised_until_drained(stream: OrderStream, worker: Worker) -> Worker:
    """Start the worker again whenever it has ended, until nothing is left to do."""
    running = worker

    def drained() -> bool:
        nonlocal running
        code = running.process.poll()
        if code is not None:
            assert code in {3, *KNOWN_CAUSES}, running.log_file.read_text()[-4000:]
            running = stream.start_worker(instance_id="w1", merged_records_max=20)
        return stream.lag() == 0

    wait_until(drained, "all events are processed", 120)
    return running
