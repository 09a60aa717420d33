"""What hangs ends itself with its own code, in bounded time, by really hanging: a frozen broker, a loop that never ends, a locked ledger.

The faults are put into the worker's own program at the place where they are to befall it; the broker is frozen by SIGSTOP from there.
"""

import logging
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.loop_watchdog import STUCK_EXIT_CODE
from streams.engine.failure import KNOWN_CAUSES, ExitCode
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import OrderStream, Worker, wait_until

LOG = logging.getLogger("watchdogs")

AGE_SECONDS = 5
"""chunk_age_seconds_max here; the session is 6 s, of which four fifths are for the start of the producers."""
PATIENCE = {"kafka_producer_request_timeout_seconds": 3, "chunk_age_seconds_max": AGE_SECONDS}
SLACK_SECONDS_MAX = 20.0
"""From the bound until the process is gone: a second on a quiet machine."""

PROGRAM = """
import os, signal, sys, time
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from streams.app import run_order_worker
from streams.engine import consumer, slots, transaction

def freeze_broker():
    os.kill({broker}, signal.SIGSTOP)
    print("hanging", flush=True)

def before(owner, name):
    real = getattr(owner, name)
    async def freeze_first(*words, **more):
        freeze_broker()
        return await real(*words, **more)
    setattr(owner, name, freeze_first)

def forever(*_):
    print("hanging", flush=True)
    while True:
        pass

def nothing(*_):
    print("hanging", flush=True)

{hang}
settings = load_settings()
configure_logging(settings, "streams")
run_order_worker(settings)
"""
IN_COMMIT = 'before(transaction.PartitionProducer, "commit")'
IN_PRODUCER_START = 'before(transaction.PartitionProducer, "start")'
IN_RECOVERY = "consumer.apply_changelog_chunk = nothing"
IN_LOOP = "slots._joined = forever"


@pytest.fixture
def pipeline(local_kafka: LocalKafka, topic_prefix: str, tmp_path: Path) -> Iterator[OrderPipeline]:
    """An installation whose broker may be frozen; it goes on afterwards."""
    installation = OrderPipeline(
        local_kafka.bootstrap_servers, topic_prefix, tmp_path, kafka_producer_request_timeout_seconds="3", chunk_age_seconds_max="5"
    )
    yield installation
    os.kill(local_kafka.pid or 0, signal.SIGCONT)
    installation.close()


def hanging_worker(stream: OrderStream, broker: LocalKafka, hang: str) -> Worker:
    """A worker that hangs at this place when it comes there."""
    return stream.start(("-c", PROGRAM.format(broker=broker.pid, hang=hang)), **PATIENCE)


def end_of(worker: Worker) -> tuple[int, float]:
    """Exit code, and seconds since it began to hang."""
    wait_until(lambda: b"hanging" in worker.log_file.read_bytes(), "it hangs")
    hanging_since = time.monotonic()
    code = worker.wait_exit(AGE_SECONDS + SLACK_SECONDS_MAX)
    return code, time.monotonic() - hanging_since


@pytest.mark.parametrize(
    ("hang", "code", "reason"),
    [
        (IN_COMMIT, ExitCode.TRANSACTION_FAILED, "have not ended the transaction"),
        (IN_PRODUCER_START, ExitCode.PRODUCER_NOT_STARTED, "could not be started"),
        (IN_RECOVERY, ExitCode.NOT_RECOVERED, "recovery does not move"),
        (IN_LOOP, ExitCode.STUCK, "the event loop stands still"),
    ],
    ids=["commit", "producer start", "recovery", "loop"],
)
def test_a_worker_that_hangs_ends_itself(pipeline: OrderPipeline, local_kafka: LocalKafka, hang: str, code: ExitCode, reason: str) -> None:
    """One line, its own code, in time; started again, it does what was left."""
    stream = pipeline.stream
    stream.send_day(seed=85, orders=15)
    if hang == IN_RECOVERY:  # there must be something to recover
        first = stream.start_worker().wait_ready()
        stream.wait_drained()
        assert first.stop() == 0
        stream.send_day(seed=86, orders=5)
    worker = hanging_worker(stream, local_kafka, hang)
    found, seconds = end_of(worker)
    LOG.warning("%s: exit %d after %.1f s", reason, found, seconds)
    assert found == code
    ends = [line for line in worker.log() if line["event"] == "worker_ended_itself"]
    assert len(ends) == 1
    assert reason in ends[0]["reason"]
    assert ends[0]["known_cause"] == (code in KNOWN_CAUSES) == (code != ExitCode.STUCK)
    os.kill(local_kafka.pid or 0, signal.SIGCONT)
    stream.start_worker().wait_ready()
    wait_until(lambda: stream.lag() == 0, "all events are judged")
    stream.check_books()


SINK_PROGRAM = """
import asyncio
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from sinks import delivery, ledger_process

def forever(record):
    print("hanging", flush=True)
    while True:
        pass

delivery.bookable_of = forever
settings = load_settings()
configure_logging(settings, "sink-ledger")
asyncio.run(ledger_process.run_ledger_sink(settings))
"""


def test_a_sink_whose_loop_never_ends_ends_itself(pipeline: OrderPipeline) -> None:
    """Nothing was booked; the next sink books it."""
    stream = pipeline.stream
    stream.send_day(seed=87, orders=5)
    stream.start_worker().wait_ready()
    stream.wait_drained()
    sink = stream.start(("-c", SINK_PROGRAM), data_dir=pipeline.directory, **PATIENCE)
    code, seconds = end_of(sink)
    LOG.warning("sink: exit %d after %.1f s", code, seconds)
    assert code == STUCK_EXIT_CODE
    assert "the event loop stands still" in sink.log_file.read_text()
    pipeline.sink.start()
    wait_until(lambda: pipeline.ledger_lag() == 0, "all entries are booked")
    pipeline.check_books()


def test_a_sink_whose_ledger_is_locked_ends_itself(pipeline: OrderPipeline) -> None:
    """Somebody holds the ledger's file: exit 3 with the reason, nothing half booked, and the next start goes on."""
    stream = pipeline.stream
    stream.start_worker().wait_ready()
    pipeline.sink.start()
    stream.send_day(seed=88, orders=5)
    wait_until(lambda: bool(pipeline.sink.booked()), "the ledger is there")
    with sqlite3.connect(pipeline.sink.ledger, isolation_level=None) as holder:
        holder.execute("BEGIN IMMEDIATE")
        stream.send_day(seed=89, orders=5)
        wait_until(lambda: pipeline.sink.poll() is not None, "the sink has given up")
        holder.execute("ROLLBACK")
    holder.close()
    assert pipeline.sink.poll() == 3
    assert "ledger" in pipeline.sink.log.read_text().splitlines()[-1]
    pipeline.sink.start()
    wait_until(lambda: stream.lag() == 0 and pipeline.ledger_lag() == 0, "all entries are booked")
    pipeline.check_books()
