"""A compressed batch that unpacks to a gigabyte, sent to a real broker: the machine is none the worse, and the partition can go on."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas.dead_letters import decode_dead_letter
from sources.synthetic.day import trading_day
from streams.engine.failure import ExitCode
from tests.integration.order_stream import OrderStream, Worker, wait_until

MIB = 1024 * 1024
BOMB_BYTES = {"gzip": 950 * MIB, "zstd": 950 * MIB, "lz4": 240 * MIB}
"""lz4 packs 255 bytes into one at most."""
PATIENCE: dict[str, Any] = {"kafka_session_timeout_seconds": 30}
"""A gigabyte is unpacked in one go: on a loaded machine the group would not wait for its member."""


@pytest.fixture
def stream(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderStream]:
    """An installation with its topics."""
    installation = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield installation
    installation.close()


def send_day(stream: OrderStream, codec: str) -> None:
    """A small day, compressed."""
    with stream.producer(**{"compression.type": codec}) as producer:
        for arrival in trading_day(80, 10).arrivals:
            producer.produce(stream.events, *stream.record(arrival))


def send_bomb(stream: OrderStream, codec: str) -> None:
    """One record of zeros in one batch, which the topic's bound of 1 MiB lets through."""
    options = {"compression.type": codec, "message.max.bytes": 1_000_000_000, "message.timeout.ms": 240_000}
    producer = Producer({"bootstrap.servers": stream.kafka, "queue.buffering.max.kbytes": 2_000_000, **options})
    told: list[object] = []
    producer.produce(stream.events, b"\x00" * BOMB_BYTES[codec], b"bomb", 0, on_delivery=lambda error, _: told.append(error))
    producer.flush(240)
    assert told == [None]


def peak_bytes(worker: Worker) -> int:
    """Highest resident set of a process that runs, or is frozen."""
    status = Path(f"/proc/{worker.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    return int(found[1]) * 1024 if found else 0


@pytest.mark.parametrize("codec", ["zstd", *(pytest.param(codec, marks=pytest.mark.soak) for codec in ("gzip", "lz4", "snappy"))])
def test_compressed_events_are_read(stream: OrderStream, codec: str) -> None:
    """Producers choose their codec; a worker that lacked one would stand still at the first batch."""
    send_day(stream, codec)
    worker = stream.start_worker(instance_id="w1").wait_ready()
    stream.wait_drained()
    assert worker.stop() == 0
    stream.check_books()


@pytest.mark.soak
@pytest.mark.parametrize("codec", list(BOMB_BYTES))
def test_bomb_cannot_take_the_machine(stream: OrderStream, codec: str) -> None:
    """The worker ends with a line that says where; with a higher bound, for once, the record is a dead letter and all goes on."""
    send_day(stream, codec)
    send_bomb(stream, codec)
    send_day(stream, codec)
    worker = stream.start_worker(instance_id="w1", memory_bytes_max=4096 * MIB, **PATIENCE)
    peak = 0

    def ended() -> bool:
        nonlocal peak
        if worker.process.poll() is not None:
            return True
        peak = max(peak, peak_bytes(worker))
        return False

    wait_until(ended, "the worker has ended", 120)
    assert worker.wait_exit() == ExitCode.CONSUMER_FAILED
    (line,) = [line for line in worker.log() if line["event"] == "worker_ended_itself"]
    assert (line["partition"], line["known_cause"]) == (0, True)
    assert f"a {codec} batch of " in line["reason"]
    assert peak < 512 * MIB
    stream.workers.remove(worker)
    more = 4096 * MIB
    patient = stream.start_worker(instance_id="w1", unpacked_bytes_max=more, memory_bytes_max=3 * more, **PATIENCE).wait_ready()
    stream.wait_drained(120)
    assert patient.stop() == 0
    letters = [decode_dead_letter(record.value) for record in stream.dead_letters()]
    (letter,) = [letter for letter in letters if letter.reason == "too_large" and letter.value is None]
    assert "SHA-256" in letter.detail
