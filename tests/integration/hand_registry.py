"""A registry written by hand: tells what the test gives it, misbehaves as the test wants; and ways to run HTTP servers of tests."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOT_FOUND = {"error_code": 40403, "message": "Schema not found"}


def answer(value: Any, status: int = 200) -> web.Response:
    """A JSON answer."""
    return web.Response(status=status, body=orjson.dumps(value), content_type="application/vnd.schemaregistry.v1+json")


class ServerThread:
    """Serves one handler for every path on a free port of loopback, from a thread of its own."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "ServerThread":
        self._thread.start()
        assert self._started.wait(15)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(15)

    def _run(self) -> None:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._handler)
        runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.1)
        self._loop.run_until_complete(self._listen(runner))
        self._loop.run_forever()
        self._loop.run_until_complete(_end(runner))
        self._loop.close()

    async def _listen(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port = int(runner.addresses[0][1])
        self._started.set()


async def _end(runner: web.AppRunner) -> None:
    await runner.cleanup()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        if task is not None:
            task.cancel()
    await asyncio.gather(*[task for task in left if task is not None], return_exceptions=True)


class HandRegistry:
    """Schema texts by id, and the ids it was asked for."""

    def __init__(self) -> None:
        self.schemas: dict[int, str] = {}
        self.asked: list[int] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers /schemas/ids/{id}."""
        schema_id = int(request.path.rpartition("/")[2])
        self.asked.append(schema_id)
        text = self.schemas.get(schema_id)
        return answer(NOT_FOUND, 404) if text is None else answer({"schema": text})
