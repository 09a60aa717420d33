"""Puts the product's own processes on the simulated machine: what they take from outside is the world's instead.

Replaced are the clients of the broker, the clock, `os._exit`, threads and garbage collection. Everything else is the product.
"""

import asyncio
import logging
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import aiokafka
import mode
import structlog

from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.runtime import loop_watchdog, service_process
from asiento.runtime.metrics import Exporter, Metrics
from asiento.runtime.service_process import ServiceProcess
from asiento.runtime.settings import Settings
from sinks import entry_stream, ledger_process, outbox_publisher, sink_process
from sinks.entry_stream import StreamBroken
from sinks.ledger import AckPage, Batch, BookResult, LedgerError, LedgerRefused, LedgerUnavailable
from sinks.projector import process as projector_process
from sinks.projector import stream as projector_stream
from sinks.projector.errors import OperationalError
from sinks.projector.writer import OperationalWriter
from sinks.sink_process import BrokerUnreachable
from sinks.sqlite_ledger import SqliteLedger, ledger_path
from sinks.stream_identity import StreamUnknown
from streams import orders
from streams.engine import app as engine_app
from streams.engine import consumer as engine_consumer
from streams.engine import failure, guard, run_ends, runner, slots, transaction, watchdog
from streams.engine import lag as engine_lag
from streams.engine.app import Engine
from streams.engine.faults import Faults
from streams.engine.fetch_thread import ChunkFetchThread
from streams.engine.processor import RangeTooLarge, RangeWaits
from streams.orders import order_job
from tests.simulation import clients
from tests.simulation.clients import Wire
from tests.simulation.loop import PROCESS, Process, ProcessGone, SimLoop

EPOCH_SECONDS: Final = 1_780_000_000
NO_ANSWER_SECONDS: Final = 10_000.0
Note = Callable[..., None]


class Hooks:
    """What the world does at the places where its processes ask it."""

    def __init__(self) -> None:
        self.step: Callable[[Process, str], None] = lambda _process, _step: None
        self.chunk: Callable[[], int] = lambda: 1
        self.booking: Callable[[], str] = lambda: "fine"
        self.note: Note = lambda *_: None
        self.unexpected: Callable[[str], None] = lambda _: None


HOOKS = Hooks()


class SimTime:
    """Stands for the module `time`."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        """Seconds of the world."""
        return self._loop.now

    def time(self) -> float:
        """Seconds since the epoch."""
        return EPOCH_SECONDS + self._loop.now

    def time_ns(self) -> int:
        """Nanoseconds since the epoch, whole microseconds."""
        return round(self.time() * 1_000_000) * 1000


class SimThread(ChunkFetchThread):
    """The fetch thread as a service of the one loop; what it does is the product's."""

    def __init__(self, consumer: Any, *, loop: Any = None, beacon: Any = None) -> None:
        self.consumer = consumer
        self.transport = consumer.transport
        self.app = self.transport.app
        self.parent_loop = self.thread_loop = asyncio.get_running_loop()
        self._consumer: Any = None
        mode.Service.__init__(self, loop=loop, beacon=beacon)

    wait_for_shutdown = False
    start = mode.Service.start
    maybe_start = mode.Service.maybe_start
    stop = mode.Service.stop
    crash = mode.Service.crash  # type: ignore[assignment]
    set_shutdown = mode.Service.set_shutdown
    _new_shutdown_event = mode.Service._new_shutdown_event
    _stopped_set = mode.Service._stopped_set
    _stop_children = mode.Service._stop_children
    _stop_futures = mode.Service._stop_futures
    _stop_exit_stacks = mode.Service._stop_exit_stacks

    async def on_stop(self) -> None:
        """The client leaves when the thread ends."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """Between the threads lies one turn of the loop."""
        await Wire.loop.lapse(0.0)
        result = fun(*args, **named)
        return await result if asyncio.iscoroutine(result) else result

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Without the queue between the threads."""
        await self.consumer.on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: Any, generation_id: int = 0) -> None:
        """Without the queue between the threads."""
        await self.consumer.on_partitions_assigned(assigned, generation_id)


class SimFaults(Faults):
    """Named steps of a commit: the world may end the process there."""

    def reach(self, step: str) -> None:
        """Tell the world."""
        process = PROCESS.get()
        if process is not None:
            HOOKS.step(process, step)
            if process.dead:
                raise ProcessGone


async def run_worker(settings: Settings, metrics: Metrics) -> None:
    """An order worker, from start to SIGTERM: the product's own runner."""
    engine = Engine(settings, order_job(settings, metrics, DEFAULT_POLICIES), metrics, SimFaults())
    await runner._run_app(engine, watchdog.Watchdog(engine, settings.chunk_age_seconds_max))


class WorldLedger(SqliteLedger):
    """The embedded ledger; its booking fails as the world wants: before, or after it was committed."""

    def __init__(self, path: Path, clock: Callable[[], int]) -> None:
        super().__init__(path, clock)
        process = PROCESS.get()
        if process is not None:
            process.on_death.append(self._let_go)

    def _let_go(self) -> None:
        """What the kernel does: the connection goes, and with it an open transaction and the lock."""
        if self._connection is not None:
            self._connection.close()
        self._lock.release()

    async def book(self, batch: Batch) -> tuple[BookResult, ...]:
        """As the product, or with a fault."""
        fate = HOOKS.booking()
        if fate == "refused":
            raise LedgerRefused("refused by the world")
        if fate == "unavailable":
            raise LedgerUnavailable("unavailable by the world")
        results = await super().book(batch)
        HOOKS.note("booked", *(f"{moved.partition}:{moved.start}-{moved.end}" for moved in batch.ranges), len(results))
        if fate == "timed out after commit":
            raise LedgerUnavailable("no answer")
        if fate == "no answer":
            await Wire.loop.lapse(NO_ANSWER_SECONDS)
        return results

    async def mark_published(self, page: AckPage) -> None:
        """As the product."""
        await super().mark_published(page)
        HOOKS.note("acks marked", *page.behind)


class WorldWriter(OperationalWriter):
    """The writer of the operational database, let go of by the kernel when its process dies."""

    @classmethod
    def open(cls, url: str) -> "OperationalWriter":
        """As the product."""
        writer, process = super().open(url), PROCESS.get()
        if process is not None:
            process.on_death.append(writer.close)
        return writer


class Unlocked:
    """The lock of a file system that does not lock: two sinks may write one ledger, and only compare-and-set is left."""

    def __init__(self, ledger: Path) -> None:
        del ledger

    def take(self) -> None:
        """Let anybody in."""

    def release(self) -> None:
        """Nothing to let go of."""


KNOWN_ENDS: Final = (LedgerError, OperationalError, StreamBroken, StreamUnknown, BrokerUnreachable, aiokafka.errors.KafkaError)
"""How a process may end by itself with a message for people."""


async def run_sink(settings: Settings, metrics: Metrics) -> None:
    """A sink of the embedded ledger, from start to SIGTERM: the product's own process."""
    METRICS.set(metrics)
    await ledger_process.run_ledger_sink(settings)


async def run_projector(settings: Settings, metrics: Metrics) -> None:
    """The projector, from start to SIGTERM: the product's own process."""
    METRICS.set(metrics)
    await projector_process.run_projector(settings)


METRICS: ContextVar[Metrics] = ContextVar("metrics")


@contextmanager
def _service_process(settings: Settings, name: str, exporter: Exporter) -> Iterator[ServiceProcess]:
    """Stands for `asiento.runtime.service_process.service_process`: signals, but no health pages."""
    del settings, exporter
    process = ServiceProcess(name, METRICS.get())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stop.set)
    yield process


def run_process(loop: SimLoop, process: Process, main: Callable[[], Coroutine[Any, Any, None]], ended: Callable[[Process], None]) -> None:
    """Start a process; `ended` is told when it has gone, however."""
    process.on_death.append(lambda: ended(process))

    async def life() -> None:
        try:
            await main()
        except KNOWN_ENDS as error:
            HOOKS.note("ended by", type(error).__name__, str(error)[:120])
            process.die(1)
        except Exception as error:  # noqa: BLE001 - handed to the world, which knows no such end
            HOOKS.unexpected("".join(traceback.format_exception(error)[-12:]))
            process.die(1)
        else:
            process.die(0)

    loop.spawn(process, life())


def _exit(code: int) -> None:
    process = PROCESS.get()
    assert process is not None
    HOOKS.note("exit", code)
    process.last_words(code)
    process.die(code)
    raise ProcessGone


def _leave_last_words(tell: Callable[[int], None]) -> None:
    process = PROCESS.get()
    assert process is not None
    process.last_words = tell


async def _trial(judge: Callable[[], object], seconds_max: float) -> str | None:
    """Stands for a forked child: nothing in a world kills whoever judges it, but the judge may raise."""
    del seconds_max
    try:
        judge()
    except (RangeWaits, RangeTooLarge):
        return None
    except Exception:  # noqa: BLE001 - as the child's exit code tells it
        return "it raised an exception"
    return None


async def _unreachable(settings: Settings, error: Exception) -> str:
    """Stands for `connection_words`, which would look for itself."""
    del settings
    return repr(error)


class _Timer:
    """Stands for `threading.Timer`."""

    daemon = True

    def __init__(self, seconds: float, call: Callable[[], Any]) -> None:
        self._seconds, self._call = seconds, call
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Count from now."""
        self._handle = asyncio.get_running_loop().call_later(self._seconds, self._call)

    def cancel(self) -> None:
        """Forget it."""
        if self._handle is not None:
            self._handle.cancel()


def _deliver() -> Any:
    """Chunks on their way to the slots may be lost, or come twice."""
    deliver = engine_consumer.ChunkConsumer._deliver

    async def deliver_so_often(self: engine_consumer.ChunkConsumer, fetched: Any) -> None:
        for _ in range(1 if self._is_changelog_tp(fetched.tp) else HOOKS.chunk()):
            await deliver(self, fetched)

    return patch.object(engine_consumer.ChunkConsumer, "_deliver", deliver_so_often)


def _keep_line(_logger: Any, _method: str, event: Any) -> Mapping[str, Any]:
    HOOKS.note("log", event.get("event"), event.get("cause", ""), repr(event.get("exc_info") or "")[:120])
    raise structlog.DropEvent


def _patches(loop: SimLoop, *, locked: bool) -> Sequence[Any]:
    time, nothing = SimTime(loop), lambda *_: None
    no_gc = SimpleNamespace(collect=nothing, freeze=nothing, set_threshold=nothing)
    modules = (engine_app, engine_lag, slots, watchdog, orders, run_ends, loop_watchdog)
    runs = count(1)
    clock = (patch.object(module, "time", time) for module in modules)
    return (
        *clock,
        patch.object(engine_app, "gc", no_gc),
        patch.object(service_process, "gc", no_gc),
        patch.object(aiokafka, "AIOKafkaConsumer", clients.SimConsumer),
        patch.object(entry_stream, "AIOKafkaConsumer", clients.SimConsumer),
        patch.object(transaction, "AIOKafkaProducer", clients.SimProducer),
        patch.object(outbox_publisher, "AIOKafkaProducer", clients.SimProducer),
        patch.object(outbox_publisher, "identify", clients.identify),
        patch.object(sink_process, "identify", clients.identify),
        patch.object(sink_process, "connection_words", _unreachable),
        patch.object(engine_consumer, "ChunkFetchThread", SimThread),
        _deliver(),
        patch.object(runner, "leave_last_words", _leave_last_words),
        patch.object(guard, "secrets", SimpleNamespace(token_hex=lambda _: f"run{next(runs)}")),
        patch.object(slots, "Judging", partial(guard.Judging, trial=_trial)),
        patch.object(failure, "os", SimpleNamespace(_exit=_exit)),
        patch.object(runner, "threading", SimpleNamespace(Timer=_Timer)),
        patch.object(ledger_process, "now_microseconds", lambda: time.time_ns() // 1000),
        patch.object(projector_process, "now_microseconds", lambda: time.time_ns() // 1000),
        patch.object(ledger_process, "service_process", _service_process),
        patch.object(projector_process, "service_process", _service_process),
        patch.object(projector_process, "OperationalWriter", WorldWriter),
        patch.object(projector_stream, "AIOKafkaConsumer", clients.SimConsumer),
        patch.object(ledger_process, "writer_at", lambda location, clock: WorldLedger(ledger_path(location), clock)),
        *(() if locked else (patch("sinks.sqlite_ledger.writer.WriterLock", Unlocked),)),
    )


@contextmanager
def machine(loop: SimLoop, *, locked: bool) -> Iterator[None]:
    """The product's modules take everything from this world while the context lasts."""
    logged, hook = structlog.get_config(), sys.unraisablehook
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for one in _patches(loop, locked=locked):
            stack.enter_context(one)
        logging.disable(logging.CRITICAL)
        structlog.configure(processors=[_keep_line], wrapper_class=structlog.BoundLogger, cache_logger_on_first_use=False)
        sys.unraisablehook = lambda _: None
        try:
            yield
        finally:
            sys.unraisablehook = hook
            structlog.configure(**logged)
            logging.disable(logging.NOTSET)
