"""`asiento verify` on a million entries: wall time, CPU and peak memory, on one real broker and the real sink's ledger.

    python -m bench.verify_million [--entries 1000000] [--partitions 8] [--seed 1] [--keep FOLDER]

The entries are those of a synthetic trading day, as the core gives them, repeated under other tenants and ids until there are
enough; their source records and decisions are written beside them without transactions. The ledger sink, as a process, books them
and publishes its acks; then `asiento verify` runs as a process. With --keep the broker's files and the ledger stay in a folder.
"""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil
from confluent_kafka import Consumer, Producer, TopicPartition

from asiento.accounting.decide import decide
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.topic_admin import apply
from bench.core import processor
from bench.processes import all_booked, environment_of, start
from schemas.decisions import DecisionBatch, RecordOutcome, encode_decisions
from schemas.entries import encode_entry
from schemas.event_messages import EventMessage, message_from_json
from schemas.events import parse_event_json
from schemas.partitioning import partition_for
from schemas.refusal import Refusal
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES, ORDERS_EVENTS, catalogue
from sinks.ledger_access import reader_at
from sources.synthetic.arrivals import json_line
from sources.synthetic.day import trading_day

DAY_ORDERS = 2_000
CHUNK_RECORDS = 500
STEP_SECONDS_MAX = 3_600.0
SAMPLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Template:
    """One event of the day and what the core made of it."""

    message: EventMessage
    event_id: str
    order_key: str
    entries: tuple[JournalEntry, ...]


@dataclass(slots=True)
class Chunk:
    """Outcomes of a partition that no DecisionBatch holds yet."""

    first: int = 0
    outcomes: list[RecordOutcome] = field(default_factory=list)


class Prefill:
    """Writes copies of the day: source record, entries, and a decision per `CHUNK_RECORDS` records of a partition."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._partitions = partitions
        self._producer = Producer(
            {"bootstrap.servers": settings.kafka_bootstrap_servers, "enable.idempotence": True, "linger.ms": 20, "batch.size": 1_000_000}
        )
        self._chunks = [Chunk() for _ in range(partitions)]
        self.ends = {name: [0] * partitions for name in (ORDERS_EVENTS, ACCOUNTING_ENTRIES)}

    def write(self, template: Template, copy: int) -> int:
        """One event under the names of this copy; answers how many entries it had."""
        tenant = f"bench-{copy}"
        order_key = f"{tenant}:{template.order_key.split(':', 1)[1]}"
        event_id = _renamed(template.event_id, copy)
        number = partition_for(order_key.encode(), self._partitions)
        key, chunk = order_key.encode(), self._chunks[number]
        ids = []
        for entry in template.entries:
            entry_id = _renamed(entry.entry_id, copy)
            reverses = None if entry.reverses is None else _renamed(entry.reverses, copy)
            renamed = replace(entry, entry_id=entry_id, tenant=tenant, order_key=order_key, event_id=event_id, reverses=reverses)
            self._send(ACCOUNTING_ENTRIES, number, key, encode_entry(renamed))
            self.ends[ACCOUNTING_ENTRIES][number] += 1
            ids.append(entry_id)
        offset = self.ends[ORDERS_EVENTS][number]
        self._send(ORDERS_EVENTS, number, key, template.message.value)
        self.ends[ORDERS_EVENTS][number] += 1
        outcome = "posted" if ids else "ignored"
        chunk.outcomes.append(
            RecordOutcome(offset=offset, event_id=event_id, order_key=order_key, outcome=outcome, code=None, entry_ids=tuple(ids))
        )
        if len(chunk.outcomes) == CHUNK_RECORDS:
            self._decide(number)
        return len(ids)

    def finish(self) -> None:
        """Decide what is left, wait until all is stored, commit the workers' offsets."""
        for number in range(self._partitions):
            self._decide(number)
        if self._producer.flush(60.0):
            sys.exit("the broker did not store everything")
        topic, ends = self._settings.topic(ORDERS_EVENTS), self.ends[ORDERS_EVENTS]
        consumer = Consumer({"bootstrap.servers": self._settings.kafka_bootstrap_servers, "group.id": self._settings.orders_id})
        consumer.commit(offsets=[TopicPartition(topic, number, end) for number, end in enumerate(ends)], asynchronous=False)
        consumer.close()

    def _decide(self, number: int) -> None:
        chunk, end = self._chunks[number], self.ends[ORDERS_EVENTS][number]
        if not chunk.outcomes:
            return
        decisions = DecisionBatch(
            topic=self._settings.topic(ORDERS_EVENTS),
            partition=number,
            first_offset=chunk.first,
            next_offset=end,
            outcomes=tuple(chunk.outcomes),
            healed=(),
            worker="bench",
            decided_at=0,
        )
        self._send(ACCOUNTING_DECISIONS, number, None, encode_decisions(decisions))
        self._chunks[number] = Chunk(first=end)

    def _send(self, topic: str, number: int, key: bytes | None, value: bytes) -> None:
        while True:
            try:
                self._producer.produce(self._settings.topic(topic), value, key, number)
            except BufferError:
                self._producer.poll(0.1)
            else:
                return


def _renamed(entry_id: str, copy: int) -> str:
    """Another UUID for each copy, the same for the same id."""
    return f"{int(entry_id[:8], 16) ^ copy:08x}{entry_id[8:]}"


def templates(seed: int) -> list[Template]:
    """The events of a day that the core takes, in order of arrival, each with its entries."""
    states: dict[str, OrderState | None] = {}
    found = []
    for values in trading_day(seed, DAY_ORDERS).events:
        event = parse_event_json(json_line(values))
        if isinstance(event, Refusal):
            continue
        decision = decide(event, states.get(event.order_key), DEFAULT_POLICIES)
        if decision.state is not None:
            states[event.order_key] = decision.state
        found.append(Template(message_from_json(values), event.event_id, event.order_key, decision.entries))
    return found


def prefill(settings: Settings, partitions: int, seed: int, entries: int) -> Mapping[int, int]:
    """Write so many entries and what belongs to them; answers the ends of the entries topic."""
    day, writer, written, copy = templates(seed), Prefill(settings, partitions), 0, 0
    while written < entries:
        copy += 1
        for template in day:
            written += writer.write(template, copy)
            if written >= entries:
                break
    writer.finish()
    return dict(enumerate(writer.ends[ACCOUNTING_ENTRIES]))


def book(settings: Settings, ends: Mapping[int, int]) -> float:
    """Run the sink until the ledger has everything and its acks are out; answers its seconds of CPU."""
    child = start(settings, ("sinks", "run", "ledger"), 0)
    try:
        deadline = time.monotonic() + STEP_SECONDS_MAX
        while not all_booked(settings.data_dir / "ledger.sqlite", ends):
            if child.exit_code() is not None or time.monotonic() > deadline:
                sys.exit(f"the sink stopped: see {settings.data_dir}")
            time.sleep(SAMPLE_SECONDS)
        cpu = psutil.Process(child.pid).cpu_times()
    finally:
        child.stop(60.0)
    return float(cpu.user + cpu.system)


def run_verify(environment: Mapping[str, str], *words: str) -> dict[str, Any]:
    """One run as a process: its report, wall and CPU seconds, peak memory."""
    command = [sys.executable, "-m", "asiento.cli.main", "verify", "--json", *words]
    started, peak, cpu = time.monotonic(), 0, 0.0
    with tempfile.TemporaryFile() as out:
        process = psutil.Popen(command, stdout=out, env=dict(environment))
        while process.poll() is None:
            with contextlib.suppress(psutil.Error):
                family = [process, *process.children(recursive=True)]
                peak = max(peak, sum(one.memory_info().rss for one in family))
                times = [one.cpu_times() for one in family]
                cpu = max(cpu, sum(one.user + one.system for one in times))
            time.sleep(SAMPLE_SECONDS / 5)
        out.seek(0)
        report = json.loads(out.read() or b"{}")
    return {"code": process.returncode, "wall": time.monotonic() - started, "cpu": cpu, "peak": peak, "report": report}


def main() -> None:
    """Write, book, verify, print."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.verify_million", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    with _folder(arguments.keep) as place, LocalKafka(place / "kafka") as broker:
        options = {"kafka_bootstrap_servers": broker.bootstrap_servers, "partitions": arguments.partitions, "data_dir": place / "data"}
        settings = load_settings({**options, "app_id": "bench", "replication_factor": 1, "min_insync_replicas": 1})
        ledger = place / "data" / "ledger.sqlite"
        if not ledger.exists():
            _fill(settings, arguments)
        elif not all_booked(ledger, ends := _ends(settings)):
            book(settings, ends)
        done = run_verify(environment_of(settings))
    report = done["report"]
    counts = f"{report.get('entries', {}).get('on_stream')} entries, {report.get('consumed')} source records"
    say(f"{processor()}: verify of {counts}: exit {done['code']}, faults {report.get('faults')}")
    say(f"  {done['wall']:.0f} s wall, {done['cpu']:.0f} s CPU, peak {done['peak'] / 1e6:.0f} MB")


def _fill(settings: Settings, arguments: argparse.Namespace) -> None:
    asyncio.run(apply(settings, catalogue(settings.app_id, arguments.partitions, 1, 1)))
    started = time.monotonic()
    ends = prefill(settings, arguments.partitions, arguments.seed, arguments.entries)
    say(f"{sum(ends.values())} entries written in {time.monotonic() - started:.0f} s")
    started = time.monotonic()
    cpu = book(settings, ends)
    say(f"booked in {time.monotonic() - started:.0f} s, {cpu / sum(ends.values()) * 1e6:.1f} us of CPU per entry")


def _ends(settings: Settings) -> Mapping[int, int]:
    """How far a kept ledger is: what it has booked before."""
    with reader_at(settings.ledger_location) as reader:
        return dict(reader.next_offsets())


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place:
        yield Path(place)


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
