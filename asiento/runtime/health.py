"""Health pages and metrics of a process, served from a thread of their own: they answer while the main loop is busy or stuck.

/livez restart me if it fails | /readyz I do my work | /startupz I have started once | /metrics Prometheus text.
The three pages are JSON `{"ok": bool, "reasons": [text, ...]}` with status 200 or 503.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import orjson
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from asiento.runtime.metrics import Metrics

START_SECONDS_MAX = 15.0
STOP_SECONDS_MAX = 5.0
BEAT_SECONDS = 1.0

Check = Callable[[], Sequence[str]]
"""Returns the reasons against, none if all is well. Called from the health thread: only reads, never waits."""


def _nothing() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChecks:
    """What the three pages ask."""

    live: Check = _nothing
    ready: Check = _nothing
    started: Check = _nothing


class Heartbeat:
    """Notices a main event loop that stands still: `attach` it there, hand `reasons` to the live check."""

    def __init__(self, seconds_max: float) -> None:
        self.seconds_max = seconds_max
        self._last = time.monotonic()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Beat every second inside `loop` for as long as it runs."""
        self._last = time.monotonic()
        loop.call_later(BEAT_SECONDS, self.attach, loop)

    def reasons(self) -> Sequence[str]:
        """Empty while the loop moves."""
        age = time.monotonic() - self._last
        return () if age <= self.seconds_max else (f"the event loop has stood still for {age:.0f} s (limit {self.seconds_max:.0f} s)",)


class HealthServer:
    """Serves one process, and `routes` of its own. `start` returns the port, which is also logged."""

    def __init__(self, metrics: Metrics, host: str, port: int, checks: HealthChecks, routes: Sequence[web.AbstractRouteDef] = ()) -> None:
        self._metrics = metrics
        self._host = host
        self._port = port
        self._checks = checks
        self._routes = routes
        self._loop = asyncio.new_event_loop()
        self._bound: Future[int] = Future()
        self._thread = threading.Thread(target=self._run, name="health", daemon=True)

    def start(self) -> int:
        """Listen; returns the port (the one chosen, if 0 was asked for). Raises `OSError` if it is taken."""
        with contextlib.suppress(RuntimeError):  # a process without a main loop has no tasks to count
            main_loop = asyncio.get_running_loop()
            self._metrics.asyncio_tasks.set_function(lambda: len(asyncio.all_tasks(main_loop)))
        self._thread.start()
        port = self._bound.result(START_SECONDS_MAX)
        get_logger().info(log_events.HEALTH_LISTENING, url=f"http://{self._host}:{port}")
        return port

    def stop(self) -> None:
        """Stop listening; bounded."""
        with contextlib.suppress(RuntimeError):  # the loop is already closed
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS_MAX)

    def _run(self) -> None:
        runner = web.AppRunner(self._application(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
        try:
            self._bound.set_result(self._loop.run_until_complete(self._listen(runner)))
            self._loop.run_forever()
        except Exception as error:  # noqa: BLE001 - handed to `start`
            self._bound.set_exception(error)
        finally:
            self._loop.run_until_complete(runner.cleanup())
            self._loop.close()

    async def _listen(self, runner: web.AppRunner) -> int:
        await runner.setup()
        await web.TCPSite(runner, self._host, self._port).start()
        return int(runner.addresses[0][1])

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/metrics", self._show_metrics)
        for path, check in (("/livez", self._checks.live), ("/readyz", self._checks.ready), ("/startupz", self._checks.started)):
            application.router.add_get(path, _page(check))
        application.router.add_routes(self._routes)
        return application

    async def _show_metrics(self, _: web.Request) -> web.Response:
        return web.Response(body=generate_latest(self._metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _page(check: Check) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        try:
            reasons = list(check())
        except Exception as error:  # noqa: BLE001 - a check that breaks is a reason, not a broken page
            get_logger().error(log_events.HEALTH_CHECK_FAILED, error=repr(error))
            reasons = [f"the check itself failed: {type(error).__name__}"]
        body = orjson.dumps({"ok": not reasons, "reasons": reasons})
        return web.Response(body=body, status=503 if reasons else 200, content_type="application/json")

    return answer
