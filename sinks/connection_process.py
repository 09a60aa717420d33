"""The process `asiento sinks run CONNECTION`: one ledger outside. Intake, poster, publishers and what waits stand side by side.

The intake takes entries as fast as Kafka gives them, whatever the ledger does; the poster sends them as the ledger lets it. Each of
them stops the process where it cannot go on, and every step is in the database of postings before it is believed.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import SystemRandom
from typing import Any, Final

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter
from asiento.runtime.service_process import STOP_SECONDS_MAX, ServiceProcess, now_microseconds, service_process
from asiento.runtime.settings import Settings, SettingsError
from schemas.topics import ACCOUNTING_ACKS, ACCOUNTING_DISCREPANCIES, ACCOUNTING_ENTRIES
from sinks.ack_publisher import AckPublisher
from sinks.connectors.catalogue import ConnectorKind
from sinks.connectors.configured import connection_named, kind_of_connection
from sinks.entry_stream import EntryStream
from sinks.external.connections import Connection
from sinks.external.one_at_a_time import OneAtATime
from sinks.external.port import Connector
from sinks.external.results import CallFailed
from sinks.external.targets import Unmapped
from sinks.intake.closing import close_due_summaries
from sinks.intake.intake import IntakeLoop
from sinks.intake.mapping_file import MappingFile
from sinks.intake.outboxes import DiscrepancyPublisher, StoredAcks
from sinks.intake.planning import Planner
from sinks.intake.replanning import Replanning
from sinks.ledger import LedgerError
from sinks.mapping.examples import example_file
from sinks.noted_positions import keep_noting, note_once
from sinks.outbox_publisher import OutboxPublisher
from sinks.planner.refusal import CannotTell
from sinks.posting.access import access_of, limits_of
from sinks.posting.clock import SystemClock
from sinks.posting.poster import Poster, PosterWork
from sinks.posting.rows import TakenCounts
from sinks.posting.rules import PostingRules
from sinks.posting.store import StoreThread
from sinks.reconciler.findings import Difference
from sinks.reconciler.run import Reconciliation
from sinks.sink_process import identified

HOUR_MICROSECONDS: Final = 3_600_000_000
WAITING_SECONDS: Final = 2.0
"""How often the mapping file is looked at, what may be planned again, and which summaries are due."""
DRAIN_SECONDS_MAX: Final = 4.0
"""Longest wait for acks and discrepancies when leaving; what is not published is published by the next start."""
CALL_SECONDS_MAX: Final = 12.0
"""Longest wait for the call under way when leaving; what became of it is looked up by the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredConnection:
    """A connection with its kind and the file of its mapping."""

    connection: Connection
    kind: ConnectorKind
    mapping: Path


def configured(settings: Settings, name: str) -> ConfiguredConnection:
    """The connection of this name. Raises `SettingsError`, which says what is missing."""
    connection = connection_named(settings, name)
    kind = kind_of_connection(connection)
    mapping = connection.mapping or settings.mapping
    if mapping is None and not kind.names_accounts_itself:
        raise SettingsError(
            f"connection {name} has no account mapping: put `mapping: FILE` into {settings.ledger_connections} or set ASIENTO_MAPPING; "
            f"`asiento mapping suggest --kind {connection.kind}` begins one"
        )
    return ConfiguredConnection(connection=connection, kind=kind, mapping=mapping or example_file(connection.kind))


async def run_connection(settings: Settings, name: str) -> None:
    """Post entries to a ledger outside until SIGTERM or SIGINT; returns after a clean stop.

    Raises `SettingsError`, `PostingError`, `StreamBroken`, `StreamUnknown` or `BrokerUnreachable`, whose messages are for people.
    """
    found = configured(settings, name)
    mapping = MappingFile(found.mapping, found.connection.kind)
    with service_process(settings, f"sink-{name}", Exporter.CONNECTION) as process:
        store = StoreThread()
        try:
            await store.open(settings.postings_location, name)
            await _ConnectionProcess(settings, process, found, mapping, store).run()
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await store.close()


class _ConnectionProcess:
    """The parts of one connection's process, put together."""

    def __init__(
        self, settings: Settings, process: ServiceProcess, found: ConfiguredConnection, mapping: MappingFile, store: StoreThread
    ) -> None:
        self._settings = settings
        self._process = process
        self._connection = found.connection
        self._mapping = mapping
        self._store = store
        clock, limits = SystemClock(), limits_of(found.connection, found.kind.capabilities.limits)
        access = access_of(found.connection, found.kind.oauth, limits, store, clock)
        self._connector: Connector = OneAtATime(found.kind.make(found.connection, access))
        self._planner = Planner(found.connection, self._connector.capabilities, mapping.current)
        work = PosterWork(
            connection=found.connection.name,
            limits=limits,
            closed_periods=found.connection.closed_periods,
            rules=PostingRules(answer_max=settings.posting_answer_seconds_max, tried_max=settings.posting_tried_hours_max * 3_600),
        )
        self._poster = Poster(work, self._connector, store, clock=clock, random=SystemRandom(), metrics=process.metrics)

    async def run(self) -> None:
        """From start to stop."""
        settings, process, name = self._settings, self._process, self._connection.name
        topic, options, group = settings.topic(ACCOUNTING_ENTRIES), client_options(settings), settings.connection_group(name)
        identity, partitions = await identified(topic, settings)
        next_offsets = await self._store(lambda store: store.intake.bind(identity, partitions))
        stream = EntryStream(topic, partitions, group, options)
        try:
            await stream.start(next_offsets)
            await self._use_mapping()
            intake = IntakeLoop(
                stream,
                self._store,
                self._planner,
                batch_entries_max=settings.sink_batch_entries_max,
                took=self._took,
                clock=now_microseconds,
            )
            process.started()
            get_logger().info(log_events.PROCESS_STARTED, connection=name, topic=topic, next_offsets=_spell(next_offsets))
            await self._side_by_side(stream, intake, options)
            get_logger().info(log_events.PROCESS_STOPPING, connection=name, next_offsets=_spell(stream.next_offsets))
        finally:
            with contextlib.suppress(TimeoutError, KafkaError):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await stream.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS_MAX):
                    await self._connector.close()

    async def _side_by_side(self, stream: EntryStream, intake: IntakeLoop, options: Mapping[str, Any]) -> None:
        """All parts until one of them ends or the process is told to stop; then the call under way, then what is told."""
        stop, leave = self._process.stop, asyncio.Event()
        name, metrics = self._connection.name, self._process.metrics
        acks = AckPublisher(
            StoredAcks(self._store, name),
            metrics,
            topic=self._settings.topic(ACCOUNTING_ACKS),
            client_options=options,
            clock=now_microseconds,
        )
        discrepancies = DiscrepancyPublisher(
            self._store,
            name,
            metrics,
            topic=self._settings.topic(ACCOUNTING_DISCREPANCIES),
            client_options=options,
            clock=now_microseconds,
        )
        parts = (intake.run(stop), self._poster.run(stop), self._wait_on(stop), self._compare(stop))
        working = [self._task(part, stop) for part in parts]
        publishers: tuple[OutboxPublisher[Any], ...] = (acks, discrepancies)
        publishing = [self._task(publisher.run(leave), stop) for publisher in publishers]
        noting = self._task(keep_noting(stream), stop)
        try:
            await _until_first_fails(working, stop, CALL_SECONDS_MAX)
            leave.set()
            await _until_first_fails(publishing, leave, DRAIN_SECONDS_MAX)
            if noting.done():
                noting.result()
        finally:
            for task in (*working, *publishing, noting):
                task.cancel()
            await asyncio.gather(*working, *publishing, noting, return_exceptions=True)
        await note_once(stream)

    def _task(self, part: Coroutine[Any, Any, None], stop: asyncio.Event) -> "asyncio.Task[None]":
        task = asyncio.create_task(part)
        task.add_done_callback(lambda _: stop.set())
        return task

    async def _wait_on(self, stop: asyncio.Event) -> None:
        """What time brings: another mapping, what may be planned again, summaries that are due."""
        told: str | None = None
        while not stop.is_set():
            if self._mapping.changed():
                await self._use_mapping()
            await self._plan_again()
            try:
                closed = await self._store(lambda store: close_due_summaries(self._planner, store, now_microseconds()))
                told = None
            except (Unmapped, CannotTell) as problem:
                closed = 0
                if str(problem) != told:
                    told = str(problem)
                    get_logger().error(log_events.SUMMARY_NOT_CLOSED, connection=self._connection.name, problem=told)
            if closed:
                self._poster.wake()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAITING_SECONDS):
                    await stop.wait()

    async def _compare(self, stop: asyncio.Event) -> None:
        """Read the ledger back at every full `reconcile_every_hours` (UTC)."""
        every = self._connection.reconcile_every_hours * HOUR_MICROSECONDS
        if every == 0:
            await stop.wait()
            return
        turn = now_microseconds() // every
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAITING_SECONDS):
                    await stop.wait()
            if (now := now_microseconds() // every) > turn:
                turn = now
                await self._read_back()

    async def _read_back(self) -> None:
        settings, metrics, name = self._settings, self._process.metrics, self._connection.name
        reconciliation = Reconciliation(self._connection, self._connector, self._store, settings.ledger_location, now_microseconds)
        today = datetime.now(UTC).date()
        try:
            first = (today - timedelta(days=self._connection.reconcile_days)).isoformat()
            report = await reconciliation.run(first, today.isoformat())
        except (CallFailed, LedgerError) as problem:
            get_logger().error(log_events.RECONCILE_FAILED, connection=name, problem=str(problem))
            return
        counts = Counter(finding.difference for finding in report.findings)
        for difference in Difference:
            metrics.reconcile_findings.labels(name, difference.value).set(counts[difference])
        metrics.reconcile_last_run.labels(name).set_to_current_time()
        found = {difference.value: count for difference, count in counts.items()}
        get_logger().info(log_events.RECONCILED, connection=name, compared=report.compared, clean=report.clean, found=found)

    async def _use_mapping(self) -> None:
        self._planner.account_mapping = self._mapping.current
        digest = self._mapping.current.digest
        await self._store(lambda store: store.intake.use_mapping(digest))

    async def _plan_again(self) -> None:
        """Everything that is asked for, page by page, so that the intake gets its turn between them."""
        one, planned = Replanning(self._planner), 0
        while count := await self._store(lambda store: one.page(store, now_microseconds())):
            planned += count
        if planned:
            self._poster.wake()

    def _took(self, counts: TakenCounts) -> None:
        if counts.taken:
            self._poster.wake()
        if counts.conflicts:
            get_logger().error(log_events.ENTRY_CONFLICT, connection=self._connection.name, entries=counts.conflicts)


async def _until_first_fails(tasks: "list[asyncio.Task[None]]", stop: asyncio.Event, seconds_max: float) -> None:
    """Until `stop`, then until all of them are done, at most so long; raises what the first of them raised."""
    await stop.wait()
    done, _ = await asyncio.wait(tasks, timeout=seconds_max)
    for task in done:
        task.result()


def _spell(offsets: Mapping[int, int]) -> dict[str, int]:
    return {str(partition): offset for partition, offset in offsets.items()}
