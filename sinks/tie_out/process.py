"""The process `asiento tie-out run`: round after round until it is told to leave. What is away is waited for and shown.

It writes to no ledger, holds no lock and joins no group; two of them do no harm, see `sinks.tie_out.telling`.
"""

import asyncio
import contextlib
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from asiento.runtime import log_events
from asiento.runtime.broker_access import BrokerProblem, check_access, connection_words
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.service_process import now_microseconds, service_process
from asiento.runtime.settings import Settings
from schemas.access_rights import TIE_OUT, needs_of
from sinks.ledger import LedgerError
from sinks.stream_identity import StreamUnknown
from sinks.tie_out.broker_log import TieOutLog
from sinks.tie_out.gauges import TieOutGauges
from sinks.tie_out.round import Round, Rounds
from sinks.tie_out.stream_side import CannotCompare
from sinks.topic_scan import ScanStuck

RETRY_SECONDS = 1.0
"""Pause after a round that could not be done."""


async def run_tie_out(settings: Settings) -> None:
    """Compare until SIGTERM or SIGINT; returns at once then, as nothing of it is worth waiting for. Raises `SettingsError`."""
    with service_process(settings, "tie-out", Exporter.TIE_OUT) as process:
        watch = Watch(settings, process.metrics)
        process.obstacles = watch.obstacles
        working = asyncio.create_task(watch.run())
        working.add_done_callback(lambda _: process.stop.set())
        process.started()
        get_logger().info(log_events.PROCESS_STARTED, ledger=settings.ledger_place, interval_seconds=settings.tie_out_interval_seconds)
        await process.stop.wait()
        get_logger().info(log_events.PROCESS_STOPPING)
        watch.close()
        if working.done():
            working.result()
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


async def compare_once(settings: Settings, *, telling: bool) -> Round:
    """One round. Raises `BrokerProblem`, `LedgerError`, `CannotCompare`, `StreamUnknown`, `ScanStuck`, `KafkaError`."""
    rounds = Rounds(settings, now_microseconds)
    try:
        async with TieOutLog.of(settings) as log:
            done = await rounds.compare(log)
            return await rounds.tell(log, done) if telling else done
    finally:
        rounds.close()


class Watch:
    """Rounds for ever; `obstacles` says why the last one could not be done."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._rounds = Rounds(settings, now_microseconds)
        self._gauges = TieOutGauges(metrics)
        self._obstacle: str | None = None
        self._differed = False

    def obstacles(self) -> Sequence[str]:
        """Why nothing can be compared, or told, just now."""
        obstacle = self._obstacle
        return () if obstacle is None else (obstacle,)

    def close(self) -> None:
        """Ask the ledger nothing more."""
        self._rounds.close()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                await check_access(self._settings, TIE_OUT, needs_of(TIE_OUT, self._settings.app_id, self._settings.topic_prefix))
                async with TieOutLog.of(self._settings) as log:
                    while True:
                        await asyncio.sleep(await self._round(log))
            except BrokerProblem as problem:
                self._wait(str(problem))
            except (KafkaError, OSError) as problem:
                self._wait(await connection_words(self._settings, problem))
            self._gauges.show_behind(self._rounds.backlog(), now_microseconds())
            await asyncio.sleep(RETRY_SECONDS)

    async def _round(self, log: TieOutLog) -> float:
        """One round; answers the seconds until the next."""
        try:
            done = await self._rounds.compare(log)
        except (LedgerError, CannotCompare, StreamUnknown, ScanStuck) as problem:
            self._wait(str(problem))
            self._gauges.show_behind(self._rounds.backlog(), now_microseconds())
            return RETRY_SECONDS
        self._gauges.show(done)  # before anything is told: that may have to wait for others' transactions
        done = await self._rounds.tell(log, done)
        self._log(done)
        if done.not_told is None:
            self._obstacle = None
        else:
            self._obstacle = done.not_told
            get_logger().warning(log_events.TIE_OUT_NOT_TOLD, problem=done.not_told)
        interval = self._settings.tie_out_interval_seconds
        return max(interval - done.seconds, min(done.seconds, interval * 4), 0.0)

    def _log(self, done: Round) -> None:
        found = done.comparison
        if done.raised or done.resolved:
            get_logger().info(log_events.TIE_OUT_TOLD, raised=done.raised, resolved=done.resolved)
        if not found.clean:
            counts = {kind.value: number for kind, number in found.found.counts.items()}
            get_logger().error(log_events.TIE_OUT_DIFFERS, **counts, unexplained=len(found.unexplained), cells=len(found.cells))
        elif self._differed or self._obstacle is not None:
            get_logger().info(log_events.TIE_OUT_TIES, entries=found.entries)
        self._differed = not found.clean

    def _wait(self, why: str) -> None:
        if why != self._obstacle:
            get_logger().warning(log_events.TIE_OUT_WAITS, reason=why)
        self._obstacle = why
