"""Poison among good orders on a running system, and in files: each ends in its class, nothing stops, memory stays bounded."""

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from asiento.cli.demo_stream import final_outcomes
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import DecisionBatch
from schemas.partitioning import partition_for
from sources.synthetic.day import trading_day
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.poison import HEADERS, Poison, placed_before, poison
from tests.integration.order_stream import wait_until

ROUNDS = 3
MIB = 1024 * 1024
WORKER_BYTES_MAX = 400 * MIB
COMMAND_BYTES_MAX = 256 * MIB
COMMAND_SECONDS_MAX = 60.0
DEPTH = 100_000

Place = tuple[int, int]


def test_each_poison_ends_in_its_class_and_good_orders_are_booked(pipeline: OrderPipeline) -> None:
    """Several rounds of every kind between the orders of a day: classes, dead letters, memory, books."""
    stream = pipeline.stream
    worker = stream.start_worker().wait_ready()
    pipeline.sink.start()
    sent = _send(pipeline)
    wait_until(lambda: stream.lag() == 0 or worker.process.poll() is not None, "every record is judged")
    wait_until(lambda: pipeline.ledger_lag() == 0, "every entry is booked")
    assert worker.process.poll() is None, "the worker died"
    assert len(stream.workers) == 1
    assert _peak_bytes(worker.process.pid) < WORKER_BYTES_MAX

    batches = stream.batches()
    judged = {(batch.partition, one.offset): (one.outcome, one.code) for batch in batches for one in batch.outcomes}
    assert {(case.name, *judged[place]) for place, case in sent.items()} == {(case.name, case.outcome, case.code) for case in sent.values()}
    _check_classes(batches, stream.watermarks())
    _check_dead_letters(pipeline, sent)
    simulated = pipeline.check_books()
    assert simulated.outcomes["posted"] > 100


def _send(pipeline: OrderPipeline) -> dict[Place, Poison]:
    """The records of a day with poison between them; answers where each poison lies."""
    stream, sent = pipeline.stream, dict[Place, Poison]()
    key, value = placed_before()
    with stream.producer() as producer:
        producer.produce(stream.events, value, key, partition_for(key, stream.partitions))
        for number in range(ROUNDS):
            good = iter(trading_day(100 + number, 20).arrivals)
            for case in poison():
                if (arrival := next(good, None)) is not None:
                    producer.produce(stream.events, *stream.record(arrival))

                def note(error: Any, message: Any, case: Poison = case) -> None:
                    assert error is None, f"{case.name}: {error}"
                    sent[message.partition(), message.offset()] = case

                partition = case.partition(stream.partitions)
                producer.produce(stream.events, case.value, case.key, partition, on_delivery=note, headers=HEADERS)
                producer.poll(0)
    assert len(sent) == ROUNDS * len(poison())
    return sent


def _check_classes(batches: list[DecisionBatch], marks: dict[int, tuple[int, int]]) -> None:
    """The classes of the committed decisions add up to the offsets of the log, one each."""
    judged = Counter((batch.partition, one.offset) for batch in batches for one in batch.outcomes)
    offsets = {(partition, offset) for partition, (first, end) in marks.items() for offset in range(first, end)}
    assert judged == Counter(offsets)
    assert Counter(final_outcomes(batches).values()).total() == len(offsets)


def _check_dead_letters(pipeline: OrderPipeline, sent: dict[Place, Poison]) -> None:
    """Each is there once, as it came."""
    letters = [decode_dead_letter(record.value) for record in pipeline.stream.dead_letters()]
    found = {(letter.partition, letter.offset): letter for letter in letters}
    assert len(found) == len(letters)
    for place, case in sent.items():
        if case.outcome != "dead_letter":
            assert place not in found
            continue
        letter = found[place]
        assert (letter.reason, letter.key, letter.value or None) == (case.code, case.key, case.value or None), case.name
        assert [(header.key, header.value) for header in letter.headers] == HEADERS, case.name


NESTED = {
    "lists": b"[" * DEPTH + b"]" * DEPTH,
    "objects": b'{"a":' * DEPTH + b"1" + b"}" * DEPTH,
    "unclosed": b"[" * DEPTH,
    "within an event": b'{"type":"OrderPlaced","document_fields":' + b'{"a":' * DEPTH + b"1" + b"}" * (DEPTH + 1),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    stdout: bytes
    stderr: bytes
    peak_bytes: int


def run(directory: Path, *words: str, **environment: str) -> Ended:
    """Run a command; it is killed and the test fails if it takes too long."""
    out, err = directory / "stdout", directory / "stderr"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")} | environment
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "asiento.cli.main", *words], env=clean, stdout=stdout, stderr=stderr)
    deadline = time.monotonic() + COMMAND_SECONDS_MAX
    peak_bytes = 0
    while process.poll() is None:
        peak_bytes = max(peak_bytes, _peak_bytes(process.pid))
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            pytest.fail(f"{words} took longer than {COMMAND_SECONDS_MAX} s")
        time.sleep(0.01)
    assert peak_bytes
    return Ended(process.returncode, out.read_bytes(), err.read_bytes(), peak_bytes)


def _peak_bytes(pid: int) -> int:
    """Most memory the program held so far, 0 if it has ended. Not from rusage: that counts this process before the exec."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


@pytest.fixture
def nested(tmp_path: Path) -> list[Path]:
    """A file of each kind."""
    files = []
    for name, content in NESTED.items():
        files.append(tmp_path / f"{name}.json")
        files[-1].write_bytes(content + b"\n")
    return files


@pytest.mark.slow
def test_simulate_refuses_deep_nesting_line_by_line(nested: list[Path], tmp_path: Path) -> None:
    """Every such line is a dead letter; the good ones around them are booked."""
    good = [orjson.dumps(event) + b"\n" for event in trading_day(3, 1).events[:2]]
    (tmp_path / "events").write_bytes(good[0] + b"".join(file.read_bytes() for file in nested) + good[1])
    ended = run(tmp_path, "simulate", str(tmp_path / "events"))
    assert (ended.code, ended.stderr) == (0, b"")
    rows = [orjson.loads(line) for line in ended.stdout.splitlines()]
    codes = [row["outcome"].get("code") for row in rows if "outcome" in row and row["outcome"]["result"] == "dead_letter"]
    assert codes == ["invalid_json"] * len(NESTED)
    assert rows[-1]["summary"]["consumed"] == len(NESTED) + 2
    assert ended.peak_bytes < COMMAND_BYTES_MAX


@pytest.mark.slow
def test_normalize_refuses_deep_nesting(nested: list[Path], tmp_path: Path) -> None:
    words = ("normalize", "--tenant", "t", "--source", "shopify:s", "--topic", "orders/create")
    ended = run(tmp_path, *words, *map(str, nested))
    assert ended.code == 1
    problems = [orjson.loads(line)["problem"] for line in ended.stdout.splitlines()]
    assert [problem["code"] for problem in problems] == ["reject_malformed"] * len(NESTED)
    assert b"Traceback" not in ended.stderr
    assert ended.peak_bytes < COMMAND_BYTES_MAX


def test_events_send_refuses_deep_nesting_and_sends_nothing(pipeline: OrderPipeline, nested: list[Path], tmp_path: Path) -> None:
    """Not even the good line of the same file."""
    good = orjson.dumps(trading_day(3, 1).events[0]) + b"\n"
    (tmp_path / "events").write_bytes(good + b"".join(file.read_bytes() for file in nested))
    ended = run(tmp_path, "events", "send", "--json", str(tmp_path / "events"), **pipeline.sink.environment)
    told = orjson.loads(ended.stdout)
    assert (ended.code, told["valid"], told["sent"]) == (1, 1, 0)
    assert [refused["reason"] for refused in told["refused"]] == ["invalid_json"] * len(NESTED)
    assert b"Traceback" not in ended.stderr
    assert pipeline.stream.read(pipeline.stream.events) == []
    assert ended.peak_bytes < COMMAND_BYTES_MAX
