"""The desk without a broker: real records on topics in memory, judged by the real core, projected by the real writer.

What a command sends is put on the topics like anything else, judged and projected, so that the next command sees it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.cli import desk_session
from asiento.cli.main import app
from asiento.cli.simulation import Simulation
from asiento.runtime.settings import load_settings
from schemas.dead_letters import DeadLetter, decode_dead_letter
from schemas.entries import decode_entry
from schemas.event_messages import EventMessage, message_from_json
from schemas.operator_actions import OperatorAction, decode_action, encode_action
from schemas.partitioning import partition_for
from schemas.topics import (
    ACCOUNTING_ACTIONS,
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDERS_DLQ,
    ORDERS_EVENTS,
    ORDERS_RAW,
)
from sinks.desk.outgoing import Bundle, OriginalRecord, Target
from sinks.projector.writer import OperationalWriter
from sources.platforms.catalogue import adapters_with
from streams.chunk import Workplace, fold_chunk
from streams.engine.processor import SourceRange
from streams.normalizer.connections import load_connections
from streams.normalizer.fold import Bench, fold_raw
from tests.projected_stream import STARTED_AT, ProjectedStream
from tests.unit.projector.feeding import Feeder
from tests.unit.streams.offline_engine import Record

PARTITIONS = 3
Json = dict[str, Any]


class OfflineDesk:
    """Topics, worker, normalizer, projector and broker in one; `run` is the command line."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url = f"sqlite:///{directory / 'operational.sqlite'}"
        self.stream = ProjectedStream(PARTITIONS)
        self.writer = OperationalWriter.open(self.url)
        self._feeder = Feeder(self.writer, self.stream)
        self._states: dict[bytes, Any] = {}
        self._headers: dict[tuple[int, int], tuple[tuple[str, bytes], ...]] = {}
        self._worked = dict.fromkeys(range(PARTITIONS), 0)
        self._chunks = 0
        self._snapshots: dict[bytes, bytes] = {}
        self.raw: dict[tuple[int, int], Record] = {}
        self.gone: set[tuple[int, int]] = set()
        self.sent: list[Bundle] = []
        self.projects = True
        monkeypatch.setenv("ASIENTO_OPERATIONAL_URL", self.url)
        monkeypatch.chdir(directory)
        monkeypatch.setattr(desk_session, "new_broker", lambda settings: self)

    # -- what a producer and a worker do ------------------------------------------------------------------------------

    def arrive(self, *events: Json | EventMessage, partition: int | None = None, headers: tuple[tuple[str, bytes], ...] = ()) -> None:
        """Events or raw records come, are judged and projected; on the partition of their key unless told otherwise."""
        for event in events:
            message = message_from_json(event) if isinstance(event, dict) else event
            self._put(message.key, message.value, headers or message.headers, partition)
        self.settle()

    def refuse(self, value: bytes | None, key: bytes | None = b"acme:shopify:main:1001", **more: Any) -> str:
        """A record that is refused; answers its subject."""
        partition = more.pop("partition", None)
        place = partition_for(key or b"", PARTITIONS) if partition is None else partition
        offset = self.stream.end(ORDERS_EVENTS, place)
        self.arrive(EventMessage(key, value, ()), partition=place, **more)  # type: ignore[arg-type]
        return f"{ORDERS_EVENTS}/{place}/{offset}"

    def settle(self) -> None:
        """Judge what was not judged yet, project what is on the topics."""
        for partition in range(PARTITIONS):
            self._work(partition)
        if self.projects:
            self._feeder.finish()

    def act(self, action: OperatorAction) -> None:
        """Put somebody's action on its topic, whatever the desk would have said to it."""
        self.stream.put(ACCOUNTING_ACTIONS, partition_for(action.key, PARTITIONS), action.key, encode_action(action), action.at)
        self.settle()

    def take_raw(self, key: bytes, value: bytes | None, partition: int | None = None, **how: Any) -> str:
        """A raw record comes and is normalized by what `normalizer` knows at this time; answers its place, the subject of a refusal."""
        place = partition_for(key, PARTITIONS) if partition is None else partition
        record = Record(len(self.raw), key, value, how.get("headers", ()))
        self.raw[place, record.offset] = record
        source = SourceRange(topic=ORDERS_RAW, partition=place, first_offset=record.offset, next_offset=record.offset + 1, records=[record])
        output = fold_raw(source, self._snapshots, self._bench())
        self._snapshots |= {state.key: state.value for state in output.states if state.value is not None}
        for event in output.events:
            self._put(event.key, event.value, tuple((name, value or b"") for name, value in event.headers), event.partition)
        for letter in output.dead_letters:
            self.stream.put(ORDERS_DLQ, place, letter.key, letter.value, STARTED_AT)
        self.settle()
        return f"{ORDERS_RAW}/{place}/{record.offset}"

    def _bench(self) -> Bench:
        settings = load_settings()
        return Bench(
            partition_count=PARTITIONS,
            connections=load_connections(settings.connections),
            adapter_of=adapters_with(settings.mappers),
            worker_version="1",
            decided_at=STARTED_AT,
        )

    # -- the port of the desk -----------------------------------------------------------------------------------------

    def partition_count(self, target: Target = "events") -> int:
        """See `Broker`."""
        del target
        return PARTITIONS

    def letters(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], DeadLetter]:
        """See `Broker`."""
        return {
            (record.partition, record.offset): decode_dead_letter(record.value)
            for record in self.stream.records(ORDERS_DLQ)
            if (record.partition, record.offset) in places and (record.partition, record.offset) not in self.gone
        }

    def raw_records(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], OriginalRecord]:
        """See `Broker`."""
        found = {place: self.raw[place] for place in places if place in self.raw}
        return {place: OriginalRecord(key=one.key, value=one.value, headers=one.headers) for place, one in found.items()}

    def action_ends(self) -> Mapping[int, int]:
        """See `Broker`."""
        return {partition: self.stream.end(ACCOUNTING_ACTIONS, partition) for partition in range(PARTITIONS)}

    def send(self, bundles: Sequence[Bundle]) -> None:
        """See `Broker`."""
        self.sent += bundles
        for bundle in bundles:
            for event in bundle.events:
                self._put(event.key, event.value, tuple((name, value or b"") for name, value in event.headers), None)
            for raw in bundle.raw:
                self.take_raw(raw.key, raw.value)
            for action in bundle.actions:
                partition = partition_for(action.key, PARTITIONS)
                self.stream.put(ACCOUNTING_ACTIONS, partition, action.key, encode_action(action), action.at)
        self.settle()

    # -- what a test looks at -----------------------------------------------------------------------------------------

    def run(self, *words: str, stdin: bytes | None = None) -> Result:
        """A command."""
        return CliRunner().invoke(app, [*words], input=stdin)

    def json(self, *words: str, stdin: bytes | None = None) -> Any:
        """What a command says as JSON; it must succeed."""
        result = self.run(*words, "--json", stdin=stdin)
        assert result.exception is None, f"{result.exception!r} {result.output}"
        return orjson.loads(result.stdout)

    def text(self, *words: str) -> str:
        """What a command says as text, blanks run together; it must succeed."""
        result = self.run(*words)
        assert result.exception is None, f"{result.exception!r} {result.output}"
        return " ".join(result.stdout.split())

    def refusal(self, *words: str) -> str:
        """The message of a command that must end with exit 1."""
        result = self.run(*words)
        assert getattr(result.exception, "exit_code", None) == 1, f"{result.exception!r} {result.output}"
        return str(result.exception)

    def actions(self) -> list[OperatorAction]:
        """All actions, oldest first."""
        return sorted((decode_action(one.value) for one in self.stream.records(ACCOUNTING_ACTIONS)), key=lambda one: (one.at, one.kind))

    def books(self) -> dict[str, dict[str, int]]:
        """currency -> account -> balance, debits positive, of all entries."""
        found: dict[str, dict[str, int]] = {}
        for record in self.stream.records(ACCOUNTING_ENTRIES):
            entry = decode_entry(record.value).entry
            accounts = found.setdefault(entry.currency, {})
            for leg in entry.postings:
                accounts[leg.account] = accounts.get(leg.account, 0) + (leg.amount if leg.side == "DEBIT" else -leg.amount)
        return {currency: dict(sorted(accounts.items())) for currency, accounts in found.items()}

    def close(self) -> None:
        """Let go of the database."""
        self.writer.close()

    def _put(self, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...], partition: int | None) -> None:
        place = partition_for(key or b"", PARTITIONS) if partition is None else partition
        offset = self.stream.put(ORDERS_EVENTS, place, key, value, STARTED_AT)
        self._headers[place, offset] = headers

    def _work(self, partition: int) -> None:
        records = [
            Record(one.offset, one.key, one.value, self._headers[partition, one.offset])
            for one in self.stream.topics.get(ORDERS_EVENTS, {}).get(partition, [])
            if one.offset >= self._worked[partition]
        ]
        if not records:
            return
        self._chunks += 1
        decided_at = STARTED_AT + self._chunks * 1_000_000
        workplace = Workplace(partition_count=PARTITIONS, policies=DEFAULT_POLICIES, worker="w1", worker_version="1", decided_at=decided_at)
        first, end = self._worked[partition], records[-1].offset + 1
        source = SourceRange(topic=ORDERS_EVENTS, partition=partition, first_offset=first, next_offset=end, records=records)
        output = fold_chunk(source, self._states.get, workplace)
        self._states.update(output.new_states)
        self._worked[partition] = end
        written = {
            ACCOUNTING_ENTRIES: output.entries,
            ACCOUNTING_DISCREPANCIES: output.discrepancies,
            ORDERS_DLQ: output.dead_letters,
            ACCOUNTING_DECISIONS: output.decisions,
        }
        for topic, found in written.items():
            for one in found:
                self.stream.put(topic, partition, one.key, one.value, decided_at)


def simulated(events: Iterable[Json]) -> dict[str, dict[str, int]]:
    """The trial balance that `asiento simulate` shows for these events."""
    simulation = Simulation(DEFAULT_POLICIES)
    for _ in simulation.run(BytesIO(b"".join(orjson.dumps(event) + b"\n" for event in events))):
        pass
    balance: dict[str, dict[str, int]] = simulation.summary()["summary"]["trial_balance"]
    return balance


def of_another(event: Json, **changes: Any) -> Json:
    """An event under another event_id."""
    return {**event, "event_id": "4b0f8d52-7c1e-5f3a-8a6d-0e9b2c3d4f55", **changes}
