"""The process `asiento lag-exporter`: looks at the brokers every few seconds and shows what it found; no broker is an answer, too."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.kafka_clients import client_options
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.metrics.standing import StandingGauge
from asiento.runtime.service_process import service_process
from asiento.runtime.settings import Settings
from sinks.lag_exporter.broker_reader import BrokerReader
from sinks.lag_exporter.groups import watched_groups
from sinks.lag_exporter.lags import LOOK_SECONDS_MAX, GroupLag, Lags


async def read_lags(settings: Settings) -> tuple[GroupLag, ...]:
    """One look. Raises `SettingsError`, or `KafkaError`, `OSError` or `TimeoutError` where no broker answers."""
    lags = Lags(watched_groups(settings), time.time)
    async with asyncio.timeout(2 * LOOK_SECONDS_MAX):
        async with BrokerReader(client_options(settings)) as reader:
            return await lags.look(reader)


async def run_lag_exporter(settings: Settings) -> None:
    """Look until SIGTERM or SIGINT. Raises `SettingsError` at the start; a broker that is away ends nothing."""
    lags = Lags(watched_groups(settings), time.time)
    with service_process(settings, "lag exporter", Exporter.LAG_EXPORTER) as process:
        exporter = LagExporter(settings, lags, process.metrics)
        process.obstacles = exporter.obstacles
        process.started()
        get_logger().info(log_events.PROCESS_STARTED, interval_seconds=settings.lag_exporter_interval_seconds)
        await exporter.run(process.stop)
        get_logger().info(log_events.PROCESS_STOPPING)


class LagExporter:
    """Keeps a connection while looks succeed, and shows nothing that it does not know: while no broker answers there are no lags."""

    def __init__(self, settings: Settings, lags: Lags, metrics: Metrics) -> None:
        self._settings = settings
        self._lags = lags
        self._metrics = metrics
        self._members = StandingGauge(metrics.group_members)
        self._records = StandingGauge(metrics.group_lag_records)
        self._seconds = StandingGauge(metrics.group_lag_seconds)
        self._reader: BrokerReader | None = None
        self._problem: str | None = "the brokers were not asked yet"
        metrics.broker_up.set(0)

    def obstacles(self) -> Sequence[str]:
        """Why no lags are shown."""
        return () if self._problem is None else (self._problem,)

    async def run(self, stop: asyncio.Event) -> None:
        """Look, show, wait; until `stop`."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                look = asyncio.create_task(self.step())
                await asyncio.wait({look, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set():
                    look.cancel()
                await asyncio.gather(look, return_exceptions=stop.is_set())
                await asyncio.wait({stopping}, timeout=self._settings.lag_exporter_interval_seconds)
        finally:
            stopping.cancel()
            await self._disconnect()

    async def step(self) -> None:
        """One look, and what it came to."""
        reader = self._reader or BrokerReader(client_options(self._settings))
        try:
            if self._reader is None:
                async with asyncio.timeout(LOOK_SECONDS_MAX):
                    self._reader = await reader.__aenter__()
            self._show(await self._lags.look(reader))
        except (KafkaError, OSError, TimeoutError) as error:
            await self._lost(f"the brokers at {self._settings.kafka_bootstrap_servers} give no usable answer: {error!r}")
        finally:
            self._metrics.broker_answer_seconds.set(reader.take_slowest_seconds())

    def _show(self, groups: Sequence[GroupLag]) -> None:
        lags = {(group.name, lag.topic, str(lag.partition)): lag for group in groups for lag in group.partitions}
        self._members.show({(group.name,): group.members for group in groups})
        self._records.show({place: lag.records for place, lag in lags.items()})
        self._seconds.show({place: lag.seconds for place, lag in lags.items()})
        self._metrics.broker_up.set(1)
        self._metrics.lag_last_run.set_to_current_time()
        if self._problem is not None:
            get_logger().info(log_events.LAG_KNOWN, groups=len(groups))
        self._problem = None

    async def _lost(self, problem: str) -> None:
        self._metrics.broker_up.set(0)
        for gauge in (self._members, self._records, self._seconds):
            gauge.show_nothing()
        self._lags.forget()
        if self._problem != problem:
            get_logger().warning(log_events.LAG_UNKNOWN, problem=problem)
        self._problem = problem
        await self._disconnect()

    async def _disconnect(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with contextlib.suppress(TimeoutError, KafkaError, OSError):
                async with asyncio.timeout(LOOK_SECONDS_MAX):
                    await reader.__aexit__(None, None, None)
