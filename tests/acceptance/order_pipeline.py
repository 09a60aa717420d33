"""Events topic -> order workers -> sink -> ledger, as processes of the command line; and the check that the books are right.

The expectation comes from `asiento simulate` on the very records of the events topic, in the order they stand there.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.acceptance import accept_record
from schemas.decisions import OUTCOMES
from schemas.events import decode_to_json
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES
from sinks.trial_balance import read_trial_balance
from tests.integration.ledger_sink import LedgerSink
from tests.integration.order_stream import PARTITIONS, OrderStream, check_ranges

COMMAND_SECONDS_MAX = 120
READ_SECONDS_MAX = 20.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What `asiento simulate` says: entries by id, the class of every record it saw, the trial balance."""

    entries: dict[str, dict[str, Any]]
    outcomes: Counter[str]
    trial_balance: dict[str, dict[str, int]]


class OrderPipeline:
    """One installation. Workers are started by its users, through `stream`."""

    def __init__(
        self, kafka: str, prefix: str, directory: Path, partitions: int = PARTITIONS, copies: int = 1, /, **sink_settings: str
    ) -> None:
        self.directory = directory
        self.stream = OrderStream(
            kafka, prefix, directory, partitions, replication_factor=copies, min_insync_replicas=max(copies - 1, 1)
        ).make_topics()
        self.sink = LedgerSink(directory, kafka, prefix, partitions=str(self.stream.partitions), **sink_settings)
        self._entries = self.stream.settings.topic(ACCOUNTING_ENTRIES)

    def close(self) -> None:
        """End what still runs."""
        self.stream.close()
        self.sink.close()

    def asiento(self, *words: str) -> "subprocess.CompletedProcess[bytes]":
        """Run a command with the settings of this installation."""
        return self.run(words, subprocess.PIPE, COMMAND_SECONDS_MAX)

    def run(self, words: Sequence[str], output: IO[bytes] | int, seconds_max: float) -> "subprocess.CompletedProcess[bytes]":
        """Run a command with the settings of this installation; `output` as of `subprocess`, what it says to people is kept."""
        command = [sys.executable, "-m", "asiento.cli.main", *words]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")} | self.sink.environment
        return subprocess.run(command, env=environment, stdout=output, stderr=subprocess.PIPE, timeout=seconds_max, check=False)

    # -- positions ----------------------------------------------------------------------------------------------------

    def open_transactions(self) -> set[int]:
        """Partitions on which somebody has written output that is neither committed nor aborted."""
        topic = self.stream.settings.topic(ACCOUNTING_DECISIONS)
        written = self.ends(topic, "read_uncommitted")  # first: what is stable afterwards is so for good
        stable = self.ends(topic, "read_committed")
        return {partition for partition, end in written.items() if stable[partition] < end}

    def ledger_lag(self) -> int:
        """Offsets of the entries topic that the ledger has not passed, markers included; 0 only if all is booked."""
        ends, reached = self.ends(self._entries, "read_committed"), self.sink.next_offsets()
        return sum(max(end - reached.get(partition, 0), 0) for partition, end in ends.items())

    def entry_waits(self) -> bool:
        """Whether a committed entry lies beyond what the ledger has booked."""
        reached = self.sink.next_offsets()
        partitions = range(self.stream.partitions)
        with self._reader("read_committed") as reader:
            reader.assign([TopicPartition(self._entries, partition, reached.get(partition, 0)) for partition in partitions])
            at_end = 0
            deadline = time.monotonic() + READ_SECONDS_MAX
            while at_end < len(partitions):
                assert time.monotonic() < deadline, f"{self._entries} could not be read"
                message = reader.poll(0.1)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    return True
                at_end += error.code() == KafkaError._PARTITION_EOF
        return False

    def ends(self, topic: str, isolation: str) -> dict[int, int]:
        """Where each partition of a topic ends, by isolation level."""
        with self._reader(isolation) as reader:
            partitions = range(self.stream.partitions)
            return {number: reader.get_watermark_offsets(TopicPartition(topic, number), READ_SECONDS_MAX)[1] for number in partitions}

    @contextmanager
    def _reader(self, isolation: str) -> Iterator[Consumer]:
        """A client of its own each time: it knows nothing from before a restart of the broker."""
        options = {"group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0}
        reader = Consumer({"bootstrap.servers": self.stream.kafka, "isolation.level": isolation, **options})
        try:
            yield reader
        finally:
            reader.close()

    # -- checks -------------------------------------------------------------------------------------------------------

    def simulate(self, *options: str) -> Simulated:
        """Simulate the events topic with these options; records that no file of events holds are counted as dead letters."""
        file = self.directory / "events.jsonl"
        refused = 0
        with file.open("wb") as lines:
            for record in self.stream.read(self.stream.events):
                accepted = accept_record(
                    key=record.key, value=record.value, partition=record.partition, partition_count=self.stream.partitions
                )
                if isinstance(accepted, Refusal):
                    refused += 1
                else:
                    lines.write(orjson.dumps(decode_to_json(record.value)) + b"\n")
        done = self.asiento("simulate", str(file), *options)
        assert done.returncode == 0, done.stderr
        rows = [orjson.loads(line) for line in done.stdout.splitlines()]
        summary = rows[-1]["summary"]
        outcomes = Counter({name: summary[name] for name in OUTCOMES})
        outcomes["dead_letter"] += refused
        return Simulated({row["entry"]["entry_id"]: row["entry"] for row in rows if "entry" in row}, outcomes, summary["trial_balance"])

    def check_books(self, *options: str) -> Simulated:
        """`verify` is clean; ledger, decisions and trial balance are what `simulate` with these options says, entry by entry."""
        done = self.asiento("verify", "--json")
        report = orjson.loads(done.stdout)
        assert (done.returncode, report["clean"], report["problems"]) == (0, True, []), done.stderr
        assert (report["lag"], report["entries"]["pending"]) == (0, 0)
        simulated = self.simulate(*options)
        assert {name: report["outcomes"][name] for name in OUTCOMES} == {name: simulated.outcomes[name] for name in OUTCOMES}
        assert report["consumed"] == simulated.outcomes.total()
        booked = [orjson.loads(line) for line in self.asiento("entries", "export", "--format", "jsonl").stdout.splitlines()]
        assert len(booked) == len(simulated.entries) > 0
        assert {entry["entry_id"]: entry for entry in booked} == simulated.entries
        assert read_trial_balance(f"sqlite:///{self.sink.ledger}") == simulated.trial_balance
        check_ranges(self.stream.batches(), self.stream.watermarks())
        return simulated
