"""The HTTP server around the handlers: errors as JSON without an echo, slow and too many connections ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from sources.gateway.answers import Refusal, error_response, raw_error
from sources.gateway.dispatcher import Dispatcher

LINE_BYTES_MAX: Final = 4_096
HEADER_BYTES_MAX: Final = 8_192
HEADERS_MAX: Final = 100
LINGER_SECONDS: Final = 1.0
SWEEP_SECONDS: Final = 1.0
KEEPALIVE_SECONDS: Final = 75.0
"""Longer than proxies keep an idle connection, so that they never meet one that is being closed."""

DISPATCHER: Final = web.AppKey("dispatcher", Dispatcher)
"""Where applications that are mounted find the way to safety."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def application(dispatcher: Dispatcher, routes: Any, mounted: Mapping[str, web.Application] | None = None) -> web.Application:
    """The whole: routes of our own, and applications under prefixes. They share connections, errors and the dispatcher."""
    whole = web.Application(middlewares=[_in_order], client_max_size=1)  # bodies are read by `limits.read_body` alone
    whole[DISPATCHER] = dispatcher
    whole.add_routes(routes)
    for prefix, inner in (mounted or {}).items():
        inner[DISPATCHER] = dispatcher
        whole.add_subapp(prefix, inner)
    return whole


@web.middleware
async def _in_order(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Marks the connection as at work, and turns whatever goes wrong into an answer."""
    connection = request.protocol
    if isinstance(connection, _Connection):
        connection.at_work = True
    try:
        return await handler(request)
    except Refusal as refusal:
        return error_response(refusal.code)
    except web.HTTPMethodNotAllowed:
        return error_response("method_not_allowed")
    except web.HTTPException as error:
        forget_frames(error)  # the route that was not found keeps it
        return error_response("unknown_address" if error.status == 404 else "request_malformed")
    except asyncio.CancelledError:
        raise
    except web.RequestPayloadError as error:
        forget_frames(error)  # the body that raised it keeps it
        return error_response("request_malformed")
    except Exception as error:  # noqa: BLE001 - the top of a request: it ends, the gateway does not
        if request.transport is not None or not isinstance(error, ConnectionError):
            get_logger().error(log_events.REQUEST_FAILED, problem=type(error).__name__, place=_place(error))
        forget_frames(error)  # of a sender who is gone the body keeps it
        return error_response("internal")
    finally:
        if isinstance(connection, _Connection):
            connection.at_work, connection.begun_at = False, None


def _place(error: BaseException) -> str:
    """Module and line of an error; its text could hold what was sent."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace is not None else ""


def forget_frames(error: BaseException | None) -> None:
    """Take the frames from an error that something keeps: where one of them leads to the error again, all that they hold would stay,
    connection, request and bytes, until cycles are looked for, which is seldom (`service_process.GC_THRESHOLDS`)."""
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


class _Connection(web.RequestHandler):
    """One connection; knows since when it has been sending a head that is not complete."""

    def __init__(self, guard: "GuardedServer", **words: Any) -> None:
        super().__init__(guard, **words)
        self.at_work = False
        self.begun_at: float | None = None
        self._guard = guard

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._guard.connections) > self._guard.connections_max:
            self.end("too_many_connections")

    def data_received(self, data: bytes) -> None:
        if self.begun_at is None and not self.at_work:
            self.begun_at = self._loop.time()
        super().data_received(data)
        if self._messages:
            forget_frames(getattr(self._messages[-1][0], "exc", None))  # of what cannot be read: its frame holds it and `data`

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        del request, exc, message  # they hold what was sent
        self._guard.malformed()
        response = error_response("request_malformed" if status < 500 else "internal")
        response.force_close()
        return response

    def end(self, code: str) -> None:
        """Say why, and close."""
        if self.transport is not None:
            self.transport.write(raw_error(code))
        self.force_close()


class GuardedServer(web.Server):
    """Makes connections, and ends those that take too long to say what they want. `malformed` counts what cannot be read."""

    def __init__(self, handle: Any, *, connections_max: int, head_seconds_max: float, malformed: Callable[[], None], **words: Any) -> None:
        self.connections_max = connections_max
        self.head_seconds_max = head_seconds_max
        self.malformed = malformed
        self._words = {key: value for key, value in words.items() if key not in ("request_factory", "handler_cancellation", "loop")}
        super().__init__(handle, **words)

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._words)

    def end_slow(self) -> None:
        """End the connections whose head has been under way for too long."""
        latest = self._loop.time() - self.head_seconds_max
        for connection in self.connections:
            if isinstance(connection, _Connection) and not connection.at_work and (connection.begun_at or latest) < latest:
                connection.end("request_too_slow")


class GuardedRunner(web.AppRunner):
    """Runs an application on a `GuardedServer`."""

    def __init__(
        self,
        whole: web.Application,
        *,
        connections_max: int,
        head_seconds_max: float,
        malformed: Callable[[], None],
        stop_seconds_max: float,
    ) -> None:
        super().__init__(
            whole,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=stop_seconds_max,
            keepalive_timeout=KEEPALIVE_SECONDS,
            max_line_size=LINE_BYTES_MAX,
            max_field_size=HEADER_BYTES_MAX,
            max_headers=HEADERS_MAX,
            lingering_time=LINGER_SECONDS,
            auto_decompress=False,
        )
        self._guard: dict[str, Any] = {"connections_max": connections_max, "head_seconds_max": head_seconds_max, "malformed": malformed}
        self._sweeping: asyncio.TimerHandle | None = None

    async def _make_server(self) -> web.Server:
        plain = await super()._make_server()
        loop = asyncio.get_running_loop()
        guarded = GuardedServer(plain.request_handler, request_factory=plain.request_factory, loop=loop, **plain._kwargs, **self._guard)
        self._sweep(loop, guarded)
        return guarded

    async def cleanup(self) -> None:
        """Stop listening, let requests that run end, close the rest."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        await super().cleanup()

    def _sweep(self, loop: asyncio.AbstractEventLoop, guarded: GuardedServer) -> None:
        guarded.end_slow()
        self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep, loop, guarded)
