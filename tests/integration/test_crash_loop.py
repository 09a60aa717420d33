"""The crash-loop breaker on a real broker, with real workers: who kills them is set aside, who only stands near never is."""

import logging
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from asiento.cli.running_system import WORKER_LIMITS
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.metrics import Metrics
from asiento.runtime.supervisor import ChildService, Supervisor
from schemas.acceptance import accept_record
from schemas.dead_letters import DeadLetter, decode_dead_letter
from schemas.refusal import Refusal
from streams.engine.breaker import CHUNK_DEATHS_MAX, RECORD_DEATHS_MAX, Note
from streams.engine.failure import KNOWN_CAUSES, ExitCode
from tests.integration.order_stream import Fetched, OrderStream, Worker, wait_until

LOG = logging.getLogger("crash-loop")

RECORDS_MAX = 10
"""Records in one transaction: several chunks, so that a deadly record need not be in the first one."""
DEATHS_MAX = 1 + CHUNK_DEATHS_MAX + RECORD_DEATHS_MAX
"""Of one record. The first is not seen if it comes without a word in the middle of a stay."""


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


def good_records(stream: OrderStream) -> list[Fetched]:
    """What the core would take, in the middle of the partitions."""
    records = [record for record in stream.read(stream.events) if record.offset >= RECORDS_MAX]

    def is_good(record: Fetched) -> bool:
        accepted = accept_record(key=record.key, value=record.value, partition=record.partition, partition_count=stream.partitions)
        return not isinstance(accepted, Refusal)

    return [record for record in records if is_good(record)]


PATIENCE = {"kafka_producer_request_timeout_seconds": "3", "chunk_age_seconds_max": "5"}
"""The watchdog ends an endless loop soon."""


def run_until_drained(stream: OrderStream, may_die: Callable[[int], bool], seconds_max: float = 240, /, **settings: Any) -> list[int]:
    """Start the worker again at once whenever it has ended, until nothing is left to do; the codes of its deaths."""
    codes: list[int] = []
    worker = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX, **settings)

    def drained() -> bool:
        nonlocal worker
        code = worker.process.poll()
        if code is not None:
            assert may_die(code), worker.log_file.read_text()[-4000:]
            codes.append(code)
            worker = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX, **settings)
        return stream.lag() == 0

    wait_until(drained, "all events are processed", seconds_max)
    assert worker.wait_ready().stop() == 0
    return codes


def crash_letters(stream: OrderStream) -> list[DeadLetter]:
    """Dead letters that the breaker made."""
    letters = [decode_dead_letter(record.value) for record in stream.dead_letters()]
    return [letter for letter in letters if letter.reason == "crashes_worker"]


def isolate_everything(stream: OrderStream) -> None:
    """As after two unexplained deaths at the first chunk of each partition: every record goes alone, as harsh as it gets."""
    note = Note(until=1_000_000, isolated=True).text
    group = stream._group
    group.commit(offsets=[TopicPartition(stream.events, number, 0, note) for number in range(stream.partitions)], asynchronous=False)


@pytest.mark.parametrize(
    ("how", "code", "deaths_max"),
    [
        pytest.param("raise-at", ExitCode.CHUNK_FAILED, DEATHS_MAX - 1, marks=pytest.mark.soak),
        ("crash-at", -11, DEATHS_MAX),
        pytest.param("loop-at", ExitCode.STUCK, DEATHS_MAX, marks=pytest.mark.soak),
    ],
)
def test_deadly_record_is_set_aside_and_the_partition_goes_on(stream: OrderStream, how: str, code: int, deaths_max: int) -> None:
    """An exception, a crash of the interpreter, an endless loop: the bytes are in the dead letter, the books lack this record only."""
    stream.send_day(seed=70, orders=30)
    deadly = random.Random(70).choice(good_records(stream))
    stream.given_up.add((deadly.partition, deadly.offset))
    started = time.monotonic()
    codes = run_until_drained(stream, lambda ended: ended == code, unsafe=f"{how}:{deadly.partition}:{deadly.offset}", **PATIENCE)
    LOG.warning("%s: %d deaths, %.1f s until all was processed", how, len(codes), time.monotonic() - started)
    assert len(codes) == deaths_max
    (letter,) = crash_letters(stream)
    assert (letter.partition, letter.offset) == (deadly.partition, deadly.offset)
    assert (letter.key, letter.value) == (deadly.key, deadly.value)
    assert f"{RECORD_DEATHS_MAX} workers died" in letter.detail
    assert "tried once more" in letter.detail
    outcome = next(one for batch in stream.batches() for one in batch.outcomes if (batch.partition, one.offset) in stream.given_up)
    assert (outcome.outcome, outcome.code, outcome.event_id) == ("dead_letter", "crashes_worker", None)
    stream.check_books()


@pytest.mark.soak
def test_two_deadly_records_are_both_set_aside(stream: OrderStream) -> None:
    """In one chunk: the isolation goes on behind the first, so the second needs the deaths inside its own mark only."""
    stream.send_day(seed=71, orders=30)
    first, second = [record for record in good_records(stream) if record.partition == 0][:2]
    stream.given_up |= {(0, first.offset), (0, second.offset)}
    codes = run_until_drained(stream, lambda ended: ended == -11, unsafe=f"crash-at:0:{first.offset},crash-at:0:{second.offset}")
    assert DEATHS_MAX + RECORD_DEATHS_MAX <= len(codes) <= 2 * DEATHS_MAX
    assert {(letter.partition, letter.offset) for letter in crash_letters(stream)} == stream.given_up
    stream.check_books()


@pytest.mark.soak
def test_partition_goes_on_in_time_under_the_supervisor(stream: OrderStream) -> None:
    """With the pauses between restarts that `asiento up` makes; the pauses grow, the partition moves again within two minutes."""
    stream.send_day(seed=74, orders=30)
    deadly = good_records(stream)[0]
    stream.given_up.add((deadly.partition, deadly.offset))
    settings = {"instance_id": "worker-1", "unsafe_engine": f"crash-at:{deadly.partition}:{deadly.offset}"}
    argv = [sys.executable, "-m", "asiento.cli.main", "streams", "run"]
    service = ChildService(
        "worker-1",
        argv,
        environment=stream.environment(**settings),
        run_dir=stream.directory,
        log_dir=stream.directory,
        stop_seconds_max=20,
    )
    metrics, started = Metrics(), time.monotonic()
    supervisor = Supervisor([[service]], metrics, limits_of={"worker-1": WORKER_LIMITS})
    supervisor.start()
    try:
        wait_until(lambda: stream.lag() == 0, "all events are processed", 120)
    finally:
        supervisor.stop()
    deaths = metrics.registry.get_sample_value("asiento_process_restarts_total", {"process": "worker-1"})
    LOG.warning("under the supervisor: %s deaths, %.1f s until all was processed", deaths, time.monotonic() - started)
    stream.check_books()


def kill_again_and_again(stream: OrderStream, kills: int, seed: int) -> None:
    """kill -9 at random instants between the assignment and a second after it, whatever the worker is at."""
    instants = random.Random(seed)
    for _ in range(kills):
        worker: Worker = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX)
        wait_until(lambda one=worker: one.logged("partitions_assigned"), "partitions are assigned")  # type: ignore[misc]
        time.sleep(instants.random())
        worker.kill()


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.soak)])
def test_innocent_records_near_kills_are_never_given_up(stream: OrderStream, kills: int) -> None:
    """Every record goes alone and under a mark, and still no number of kill -9 makes a dead letter of it."""
    stream.send_day(seed=72, orders=20 * kills)
    isolate_everything(stream)
    kill_again_and_again(stream, kills, seed=72)
    worker = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX)
    stream.wait_drained(240)
    assert worker.wait_ready().stop() == 0
    assert crash_letters(stream) == []
    stream.check_books()


@pytest.mark.soak
def test_innocent_records_near_broker_outages_are_never_given_up(stream: OrderStream, local_kafka: LocalKafka) -> None:
    """The broker is killed and restarted five times while every record goes alone; known causes are recorded and never count."""
    stream.send_day(seed=73, orders=150)
    isolate_everything(stream)
    worker = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX)
    codes: list[int] = []
    for _ in range(5):
        worker = supervised(stream, worker, codes, sum(stream.committed().values()) + 20)
        stream.disconnect()
        local_kafka.kill()
        local_kafka.start()
        stream.connect()
    worker = supervised(stream, worker, codes, None)
    assert worker.wait_ready().stop() == 0
    LOG.warning("ends near broker outages: %s", codes)
    assert set(codes) <= {3, *KNOWN_CAUSES}
    assert crash_letters(stream) == []
    stream.check_books()


def supervised(stream: OrderStream, worker: Worker, codes: list[int], offsets: int | None) -> Worker:
    """Start the worker again whenever it has ended, until so many offsets are committed in sum, or all."""
    running = worker

    def reached() -> bool:
        nonlocal running
        code = running.process.poll()
        if code is not None:
            codes.append(code)
            running = stream.start_worker(instance_id="w1", merged_records_max=RECORDS_MAX)
        return stream.lag() == 0 if offsets is None else sum(stream.committed().values()) >= offsets

    wait_until(reached, "progress", 180)
    return running
