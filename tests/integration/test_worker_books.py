"""The order worker end to end: what it writes equals a fold of its input by the core alone, entry by entry, offset by offset."""

import random
import signal
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import psutil
import pytest

from asiento.accounting.order_events import EVENT_TYPES
from schemas.event_messages import message_from_json
from sources.synthetic.day import trading_day
from streams.engine.faults import STEPS
from tests.integration.order_stream import OrderStream, Worker, wait_until
from tests.oracle.lives import PROFILES, life


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


def test_books_equal_a_fold_of_the_events(stream: OrderStream) -> None:
    """A small day: a fresh group starts at the earliest offset, every record has one outcome, SIGTERM drains and exits 0."""
    records = stream.send_day(seed=1, orders=60)
    worker = stream.start_worker().wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    expected = stream.check_books()
    outcomes = Counter(expected.outcomes.values())
    assert sum(outcomes.values()) == records
    assert outcomes["dead_letter"] >= 1
    assert outcomes["duplicate"] >= 1
    assert len(expected.entry_hashes) > 100


def test_every_kind_of_event_is_booked_as_the_core_says(stream: OrderStream) -> None:
    """Lives of all event types, orderly to hostile, interleaved; the worker is killed in between and goes on from its snapshots."""
    lives = [life(profile, seed) for seed in range(20) for profile in PROFILES]
    records = [event for turn in zip_longest(*lives) for event in turn if event is not None]
    messages = [message_from_json(event) for event in records]
    with stream.producer() as producer:
        for message in messages:
            producer.produce(stream.events, message.value, message.key, message.partition(stream.partitions))
    dying = stream.start_worker(instance_id="w1", unsafe="crash:after_commit:5", merged_records_max=40)
    assert dying.wait_exit() == -signal.SIGKILL
    worker = stream.start_worker(instance_id="w1").wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    outcomes = Counter(stream.check_books().outcomes.values())
    assert sum(outcomes.values()) == len(records)
    assert len({event["type"] for event in records}) >= len(EVENT_TYPES) - 2
    assert min(outcomes[name] for name in ("posted", "duplicate", "conflict", "deferred", "rejected", "ignored")) > 0


def test_killed_at_each_step_of_a_commit(stream: OrderStream) -> None:
    """kill -9 at every named step in turn, as the same static member each time: nothing lost, nothing twice."""
    stream.send_day(seed=2, orders=150)
    for step in STEPS:
        dying = stream.start_worker(instance_id="w1", unsafe=f"crash:{step}:2", merged_records_max=20)
        assert dying.wait_exit() == -signal.SIGKILL, step
        assert stream.lag() > 0
    worker = stream.start_worker(instance_id="w1").wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    stream.check_books()


def test_poison_ends_in_its_class_and_the_worker_goes_on(stream: OrderStream) -> None:
    """Random bytes, truncated records, unknown schema ids and array bombs: dead letters, bounded memory, good records are booked."""
    noise = random.Random(1)
    event = next(arrival for arrival in trading_day(9, 5).arrivals if arrival.event is not None and not arrival.strays)
    value, key, partition = stream.record(event)
    bombs = [value[:5] + b"\x80\x80\x80\x80\x10\x00" for _ in range(50)] + [
        b"\x00\x00\x00\xff\xff" + value[5:],
        b"",
        value[:-3],
        value + b"\x00",
    ]
    with stream.producer() as producer:
        for poison in [*bombs, *(noise.randbytes(noise.randrange(2000)) for _ in range(500))]:
            producer.produce(stream.events, poison, key, partition)
        producer.produce(stream.events, value, key, partition)
    worker = stream.start_worker().wait_ready()
    stream.wait_drained()
    memory = psutil.Process(worker.process.pid).memory_info().rss
    assert worker.stop() == 0
    outcomes = Counter(stream.check_books().outcomes.values())
    assert outcomes["dead_letter"] == len(bombs) + 500
    assert memory < 400 * 1024 * 1024


def assigned_last(worker: Worker) -> int:
    """Partitions that a worker was ready for when it last said so."""
    return [int(line["partitions"]) for line in worker.log() if line["event"] == "worker_ready"][-1]


def test_spare_worker_without_partitions_is_ready_and_takes_over(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    """More workers than partitions: the spare one waits, healthy, until it is needed."""
    stream = OrderStream(kafka, topic_prefix, tmp_path, partitions=1).make_topics()
    try:
        workers = [stream.start_worker().wait_ready() for _ in range(2)]
        wait_until(lambda: sorted(assigned_last(worker) for worker in workers) == [0, 1], "one of them has the partition")
        assert max(workers, key=assigned_last).stop() == 0
        stream.send_day(seed=3, orders=5)
        stream.wait_drained()
        stream.check_books()
    finally:
        stream.close()


def test_sigterm_during_the_start_exits_zero(stream: OrderStream) -> None:
    """Between the first log line and the first assignment."""
    worker = stream.start_worker()
    wait_until(lambda: worker.logged("process_started"), "the worker has begun to start")
    assert worker.stop() == 0
