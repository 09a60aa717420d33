"""What a chaos run must have led to, by the truth of what was sent and the oracle's word on it; partition by partition, in streams.

Each check yields what it found, at most a few lines; none asks the program what is right. For a third of a million events all of
them take about two minutes.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from tests.acceptance.chaos_load import Truth
from tests.acceptance.copied_lives import Told, Verdict
from tests.acceptance.ledger_rows import LedgerRows
from tests.acceptance.topic_facts import DECISIONS, DISCREPANCIES, ENTRIES, EVENTS, read_framed
from tests.integration.order_stream import Fetched

FINDINGS_MAX = 5
READ_RECORDS = 5_000
READ_SECONDS = 0.1
SILENCE_SECONDS_MAX = 30.0
SAID_WITH_CODE = {"conflict", "deferred", "rejected"}
"""Outcomes of which the oracle says why."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Where to look: the broker, the prefix of the topics, the ledger, and the truth."""

    kafka: str
    prefix: str
    ledger: LedgerRows
    truth: Truth

    def records(self, topic: str, partition: int) -> Iterator[Fetched]:
        """The committed records of a partition, in offset order."""
        place = TopicPartition(f"{self.prefix}{topic}", partition, 0)
        with _reader(self.kafka) as reader:
            reader.assign([place])
            heard = time.monotonic()
            while True:
                messages = reader.consume(READ_RECORDS, READ_SECONDS)
                assert messages or time.monotonic() - heard < SILENCE_SECONDS_MAX, f"{place} could not be read to its end"
                heard = time.monotonic() if messages else heard
                for message in messages:
                    error = message.error()
                    if error is None:
                        yield Fetched(message.partition() or 0, message.offset() or 0, message.key(), message.value())
                    elif error.code() == KafkaError._PARTITION_EOF:
                        return
                    else:
                        raise KafkaException(error)

    def end(self, topic: str, partition: int) -> int:
        """Where a partition ends for a reader of committed records."""
        with _reader(self.kafka) as reader:
            end: int = reader.get_watermark_offsets(TopicPartition(f"{self.prefix}{topic}", partition), SILENCE_SECONDS_MAX)[1]
            return end


@contextmanager
def _reader(kafka: str) -> Iterator[Consumer]:
    options = {"group.id": "nobody", "enable.auto.commit": False, "enable.partition.eof": True, "log_level": 0}
    reader = Consumer({"bootstrap.servers": kafka, "isolation.level": "read_committed", **options})
    try:
        yield reader
    finally:
        reader.close()


Check = Callable[[Scene, int], Iterator[str]]
"""Findings about one partition."""


def findings(scene: Scene) -> dict[str, list[str]]:
    """Check -> what it found; the empty dictionary where all is as it must be."""
    partitions = range(scene.truth.partitions)
    found = {
        check.__name__: list(islice(chain.from_iterable(check(scene, partition) for partition in partitions), FINDINGS_MAX))
        for check in CHECKS
    }
    found[booked_is_what_the_oracle_tells.__name__] = list(islice(booked_is_what_the_oracle_tells(scene), FINDINGS_MAX))
    return {name: lines for name, lines in found.items() if lines}


def what_was_sent_stands_on_the_topic(scene: Scene, partition: int) -> Iterator[str]:
    """Nobody has lost, doubled or altered an event before the product saw it; else the truth is none."""
    offset = 0
    for record, (key, value, _) in zip(scene.records(EVENTS, partition), scene.truth.records(partition), strict=False):
        if (record.offset, record.key, record.value) != (offset, key, value):
            yield f"{EVENTS} {partition}/{record.offset}: not the record that was sent"
        offset += 1
    if not offset == scene.truth.length(partition) == scene.end(EVENTS, partition):
        yield f"{EVENTS} {partition}: {scene.end(EVENTS, partition)} records, {scene.truth.length(partition)} were sent"


def every_offset_is_decided_once_and_rightly(scene: Scene, partition: int) -> Iterator[str]:
    """The ranges join from 0 to the end, and the last word on each record is the oracle's."""
    judged: dict[int, Verdict] = {}
    parked: dict[str, int] = {}
    reached = 0
    for record in scene.records(DECISIONS, partition):
        _, batch = read_framed(record.value or b"")
        if batch["first_offset"] != reached:
            yield f"{partition}: a range starts at {batch['first_offset']}, the one before ended at {reached}"
        reached = batch["next_offset"]
        for one in batch["outcomes"]:
            if one["offset"] in judged:
                yield f"{partition}/{one['offset']}: decided twice"
            judged[one["offset"]] = _verdict(one)
            if one["outcome"] == "deferred":
                parked[one["event_id"]] = one["offset"]
        for one in batch["healed"]:
            judged[parked[one["event_id"]]] = _verdict(one)
    if reached != scene.end(EVENTS, partition):
        yield f"{partition}: the ranges end at {reached}, the log at {scene.end(EVENTS, partition)}"
    for offset, (_, _, right) in enumerate(scene.truth.records(partition)):
        if judged.pop(offset, None) != right:
            yield f"{partition}/{offset}: another verdict than {right}"
    if judged:
        yield f"{partition}: decisions on {len(judged)} records that are not there: {sorted(judged)[:3]}"


def _verdict(one: dict[str, Any]) -> Verdict:
    return one["outcome"], one["code"] if one["outcome"] in SAID_WITH_CODE else None


def emitted_is_what_the_oracle_tells(scene: Scene, partition: int) -> Iterator[str]:
    """Each entry once, in the order of its order; and the chain over the records is the ledger's."""
    counts: Counter[str] = Counter()
    length, head = 0, b"\x00" * 32
    for record in scene.records(ENTRIES, partition):
        _, entry = read_framed(record.value or b"")
        counts[entry["order_key"]] += 1
        right = scene.truth.entries_of(entry["order_key"])[counts[entry["order_key"]] - 1 :][:1]
        sums: Counter[str] = Counter()
        for leg in entry["postings"]:
            sums[leg["account"]] += leg["amount"] if leg["side"] == "DEBIT" else -leg["amount"]
        if entry["entry_seq"] != counts[entry["order_key"]] or (_told(entry, sums),) != right:
            yield f"{ENTRIES} {partition}/{record.offset}: {entry['entry_id']}, expected {right}"
        place = partition.to_bytes(4, "big") + record.offset.to_bytes(8, "big")
        length, head = length + 1, hashlib.sha256(head + place + (record.value or b"")).digest()
    for order in scene.truth.orders(partition):
        if counts.pop(order.key.decode(), 0) != len(order.template.entries):
            yield f"{ENTRIES}: {order.key.decode()} has not the {len(order.template.entries)} entries it must have"
    if counts:
        yield f"{ENTRIES}: entries of {len(counts)} orders nobody has sent there: {list(counts)[:3]}"
    if scene.ledger.head(partition) != (length, head.hex()):
        yield f"the chain of partition {partition} has {length} links up to {head.hex()}, the ledger says {scene.ledger.head(partition)}"
    if scene.ledger.next_offsets().get(partition, 0) != scene.end(ENTRIES, partition):
        yield f"partition {partition} of {ENTRIES} is booked to {scene.ledger.next_offsets().get(partition)}, it ends elsewhere"


def discrepancies_are_raised(scene: Scene, partition: int) -> Iterator[str]:
    """Those of the oracle, and no others."""
    raised = {(one["code"], one["event_id"]) for _, one in (read_framed(record.value or b"") for record in _of(scene, partition))}
    right = {pair for order in scene.truth.orders(partition) for pair in order.discrepancies()}
    for pair in islice(right ^ raised, FINDINGS_MAX):
        yield f"discrepancy {pair}: {'not raised' if pair in right else 'nobody expects it'}"


def _of(scene: Scene, partition: int) -> Iterator[Fetched]:
    return scene.records(DISCREPANCIES, partition)


def booked_is_what_the_oracle_tells(scene: Scene) -> Iterator[str]:
    """The ledger: each order's entries are there, once, in their order, with their sums by account; then nothing else is."""
    orders = 0
    for order_key, rows in groupby(scene.ledger.legs(), key=lambda row: row.order_key):
        orders += 1
        right = scene.truth.entries_of(order_key)
        booked = []
        for number, (entry_id, legs) in enumerate(groupby(rows, key=lambda row: row.entry_id), 1):
            sums: Counter[str] = Counter()
            for leg in legs:
                sums[leg.account] += leg.amount
            if leg.entry_seq != number:
                yield f"{order_key}: entry number {leg.entry_seq} where {number} was expected"
            booked.append(Told(entry_id, leg.event_id, leg.entry_kind, leg.part, leg.currency, tuple(sorted(sums.items()))))
        if tuple(booked) != right:
            wrong = next((pair for pair in zip(booked, right, strict=False) if pair[0] != pair[1]), f"{len(booked)} of {len(right)}")
            yield f"{order_key}: booked and expected: {wrong}"
    expected = sum(bool(order.template.entries) for order in scene.truth.orders())
    if orders != expected:
        yield f"the ledger has entries of {orders} orders, {expected} were to have some"
    if scene.ledger.conflicts():
        yield f"the ledger holds {scene.ledger.conflicts()} conflicts"


def _told(entry: dict[str, Any], sums: Counter[str]) -> Told:
    postings = tuple(sorted(sums.items()))
    return Told(entry["entry_id"], entry["event_id"], entry["entry_kind"], entry["part"], entry["currency"], postings)


CHECKS: tuple[Check, ...] = (
    what_was_sent_stands_on_the_topic,
    every_offset_is_decided_once_and_rightly,
    emitted_is_what_the_oracle_tells,
    discrepancies_are_raised,
)
