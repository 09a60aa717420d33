"""The Faust app of a job: settings that delivery depends on, the engine's transport, one table, one agent."""

import gc
import time
from collections.abc import Iterable
from typing import Any, ClassVar, Final, cast

import faust
from faust.app.base import BootStrategy
from faust.types import TP

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import bootstrap_servers
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics
from asiento.runtime.settings import Settings, SettingsError
from asiento.runtime.time_outs import HEARTBEATS_PER_SESSION, REBALANCE_SHARE_OF_REQUEST
from streams.engine.codecs import close_codecs
from streams.engine.consumer import ChunkTransport
from streams.engine.failure import ExitCode, end_process
from streams.engine.faults import Faults
from streams.engine.job import Job
from streams.engine.pins import shorten_transaction_backoff
from streams.engine.recovery import note_changelog_offset
from streams.engine.slots import SlotSet
from streams.engine.table import StateTable

GC_THRESHOLDS: Final = (100_000, 50, 100)
QUEUED_CHUNKS_MAX: Final = 2


class EngineBoot(BootStrategy):
    """No web server, and no producer of Faust's own."""

    enable_web = False
    enable_kafka_producer = False


class PassThrough(faust.Schema[Any, Any]):
    """Channel items are whole chunks: nothing is decoded on the way to the agent."""

    def loads_key(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        """The key as it is."""
        del app, loads, serializer
        return message.key

    def loads_value(self, app: Any, message: Any, *, loads: Any = None, serializer: Any = None) -> Any:
        """The value as it is."""
        del app, loads, serializer
        return message.value


class FrameSettings(faust.Settings):
    """Faust's settings without its environment: a stray APP_VERSION would rename group and changelog, PROCESSING_GUARANTEE lose records."""

    def getenv(self, env_name: str) -> Any:
        """Nothing: our own settings are the only ones."""
        del env_name


class ChunkStream(faust.Stream[Any]):
    """A stream whose forwarding operations are closed: they send without confirmation and acknowledge the source."""

    def group_by(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise SettingsError("group_by is not available in a worker: its sources are keyed by what their state is about")

    def through(self, *_: Any, **__: Any) -> Any:
        """Refused."""
        raise SettingsError("through is not available in a worker: records go out in the transaction of their chunk")


class EngineApp(faust.App):
    """A Faust app that ends the process when one of its services dies, and leaves nothing on disk."""

    BootStrategy: ClassVar[Any] = EngineBoot
    Settings: ClassVar[Any] = FrameSettings
    engine: "Engine"

    def _crash(self, reason: BaseException) -> None:
        if self.should_stop:
            super()._crash(reason)
        else:
            end_process(ExitCode.CRASHED, "a service of the frame died", error=reason)

    def _create_directories(self) -> None:
        """No directories: all state is in Kafka."""


class Engine:
    """One worker process: app, table and slots of one job. Create it on the running event loop."""

    def __init__(self, settings: Settings, job: Job, metrics: Metrics, faults: Faults) -> None:
        shorten_transaction_backoff()
        close_codecs()
        self.settings = settings
        self.job = job
        self.metrics = metrics
        self.slots = SlotSet(settings, job, metrics, faults, self._on_changelog_written)
        self.app = _new_app(settings, job)
        self.app.engine = self
        self.app.transport = ChunkTransport(self.app.conf.broker_consumer, self.app)
        self.table = self._add_table()
        self._add_agent()
        self.ready = False
        self.started = False
        self.taking_over = False
        self._assigned_at = self.moved_at = time.monotonic()

    def _add_table(self) -> StateTable:
        changelog = self.app.topic(self.job.changelog_topic, key_type=bytes, value_type=bytes, partitions=self.settings.partitions)
        table: Any = self.app.Table(
            self.job.table, key_type=bytes, value_type=bytes, partitions=self.settings.partitions, changelog_topic=changelog
        )
        return cast(StateTable, table)

    def _add_agent(self) -> None:
        source = self.app.topic(self.job.source_topic, schema=PassThrough(), partitions=self.settings.partitions)

        async def chunks(stream: Any) -> None:
            consumer: Any = self.app.consumer
            async for event in stream.noack().events():
                await self.slots.accept(event.message, consumer.give_back)

        self.app.agent(source, name=self.job.id, concurrency=1)(chunks)

    def on_assigned(self, partitions: Iterable[int]) -> None:
        """An assignment was received; called before the producers start."""
        self.ready = False
        self.taking_over = True
        self._assigned_at = self.moved_at = time.monotonic()
        self.metrics.rebalances.inc()
        get_logger().info(log_events.PARTITIONS_ASSIGNED, partitions=sorted(partitions))

    def on_ready(self) -> None:
        """Tables are recovered, positions are set: the first chunk may come."""
        self.ready = self.started = True
        self.taking_over = False
        seconds = time.monotonic() - self._assigned_at
        self.metrics.recovery_seconds.set(seconds)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        states = sum(len(states.by_key) for states in self.table.store.partitions().values())
        get_logger().info(log_events.WORKER_READY, seconds=round(seconds, 3), states=states, partitions=len(self.slots.by_partition))

    def on_flow_stopped(self) -> None:
        """A rebalance or the shutdown has begun."""
        self.ready = False
        self.moved_at = time.monotonic()

    def on_recovery_moved(self) -> None:
        """A chunk of the changelog is in the table."""
        self.moved_at = time.monotonic()

    def _on_changelog_written(self, partition: int, offset: int) -> None:
        note_changelog_offset(self.app, TP(self.job.changelog_topic, partition), offset)


def _new_app(settings: Settings, job: Job) -> EngineApp:
    return EngineApp(
        job.id,
        broker=[f"kafka://{server}" for server in bootstrap_servers(settings)],
        broker_session_timeout=settings.kafka_session_timeout_seconds,
        broker_request_timeout=settings.kafka_request_timeout_seconds,
        broker_heartbeat_interval=settings.kafka_session_timeout_seconds / HEARTBEATS_PER_SESSION,
        broker_rebalance_timeout=max(
            settings.kafka_session_timeout_seconds, settings.kafka_request_timeout_seconds * REBALANCE_SHARE_OF_REQUEST
        ),
        processing_guarantee="at_least_once",
        Table=StateTable,
        Stream=ChunkStream,
        stream_buffer_maxsize=QUEUED_CHUNKS_MAX,
        stream_recovery_delay=0.0,
        stream_wait_empty=True,
        stream_publish_on_commit=False,
        table_standby_replicas=0,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        topic_replication_factor=settings.replication_factor,
        producer_threaded=False,
        store="memory://",
        autodiscover=False,
        web_enabled=False,
    )
