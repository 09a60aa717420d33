"""What all stand-ins of vendors share: an own process with a real socket that keeps books, and faults as networks and vendors have them.

A stand-in subclasses `Standin` and is started by `running(...)`; a test talks to it as to the vendor, and asks it over
`/_standin/...` what it holds. Faults come from a seed, one decision per call that books: so many in a hundred of each kind.
"""

import argparse
import asyncio
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

import httpx
from aiohttp import web

READY_SECONDS_MAX = 30
END_SECONDS_MAX = 10
ENCRYPTED = False
"""Stand-ins speak plain HTTP: no certificates are loaded for each question to one."""
BODY_BYTES_MAX = 32 * 1024 * 1024


class Fault(StrEnum):
    """What happens to a call that books something."""

    DROP_AFTER = "drop_after"
    """Booked, then the connection is closed without an answer: the time-out after the commit."""
    DROP_BEFORE = "drop_before"
    """Closed without an answer, nothing booked."""
    THROTTLED = "throttled"
    """429 with Retry-After, nothing booked."""
    BUSY = "busy"
    """503, nothing booked."""
    BAD_GATEWAY = "bad_gateway"
    """502, nothing booked."""
    GATEWAY = "gateway"
    """504 after it was booked."""
    FAULT_IN_200 = "fault_in_200"
    """The vendor's own way to say "try later" (or a refusal of one item) where the status is good; nothing booked."""
    EXPIRED = "expired"
    """401: the token is not good any more, nothing booked."""


@dataclass(slots=True)
class Faults:
    """A seeded plan: Fault -> of a hundred calls. `once`: for the next calls, before any plan; an empty word is a call without a fault."""

    seed: int = 0
    percent: Mapping[str, int] = field(default_factory=dict)
    once: list[str] = field(default_factory=list)
    _random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._random.seed(self.seed)

    def next(self) -> Fault | None:
        """What happens to the next call."""
        if self.once:
            word = self.once.pop(0)
            return Fault(word) if word else None
        drawn = self._random.randrange(100)
        for name, percent in self.percent.items():
            if drawn < percent:
                return Fault(name)
            drawn -= percent
        return None


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Standin:
    """One vendor. `book` handles the calls that book something: wrap their handlers by `self.faulty`."""

    retry_after_seconds: ClassVar[int] = 7

    def __init__(self) -> None:
        self.faults = Faults()
        self.calls: dict[str, int] = {}
        self.refusals: list[str] = []
        """What broke the contract, each as a line: a right connector leaves it empty."""

    def routes(self) -> list[web.RouteDef]:
        """The vendor's paths."""
        raise NotImplementedError

    def held(self) -> list[dict[str, Any]]:
        """What counts in the books: at least `key`, `kind`, `date`, `currency`, `total` (minor units) of each document."""
        raise NotImplementedError

    def set_up(self, values: dict[str, Any]) -> None:
        """Change what a test wants changed (closed periods, accounts that are not active, tokens); names are the stand-in's own."""
        raise NotImplementedError

    def fault_in_200(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """The vendor's fault in a good status."""
        del body
        raise NotImplementedError(request.path)

    def booked(self, booking: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]) -> Handler:
        """A handler for calls that book: with the faults around it."""

        async def handle(request: web.Request) -> web.StreamResponse:
            body, fault = await request.read(), self.faults.next()
            self._count(fault.value if fault else "whole")
            match fault:
                case Fault.DROP_BEFORE:
                    return _dropped(request)
                case Fault.THROTTLED:
                    return web.Response(status=429, headers={"Retry-After": str(self.retry_after_seconds)})
                case Fault.BUSY:
                    return web.Response(status=503)
                case Fault.BAD_GATEWAY:
                    return web.Response(status=502)
                case Fault.EXPIRED:
                    return web.Response(status=401)
                case Fault.FAULT_IN_200:
                    return self.fault_in_200(request, body)
            answer = await booking(request, body)
            if fault is Fault.DROP_AFTER:
                return _dropped(request)
            return web.Response(status=504) if fault is Fault.GATEWAY else answer

        return handle

    def _count(self, what: str) -> None:
        self.calls[what] = self.calls.get(what, 0) + 1

    def application(self) -> web.Application:
        """The vendor and what a test asks."""
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.add_routes(self.routes())
        application.add_routes([web.get("/_standin/state", self._state), web.post("/_standin/set", self._set)])
        return application

    async def _state(self, _: web.Request) -> web.Response:
        return web.json_response({"held": self.held(), "calls": self.calls, "refusals": self.refusals})

    async def _set(self, request: web.Request) -> web.Response:
        values = await request.json()
        if values.pop("reset", False):
            vars(self).update(vars(type(self)()))
        if "faults" in values:
            self.faults = Faults(**values.pop("faults"))
        if values:
            self.set_up(values)
        return web.json_response({})


def _dropped(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def serve(standin: Standin) -> None:
    """The main function of a stand-in's module: serve on a free port of this machine, print it, end with standard input."""
    argparse.ArgumentParser(description="A stand-in of a vendor, for tests; ends when its standard input does.").parse_args()
    asyncio.run(_serve(standin))


async def _serve(standin: Standin) -> None:
    runner = web.AppRunner(standin.application(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)  # noqa: T201
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


@dataclass(frozen=True, slots=True)
class RunningStandin:
    """A stand-in's process as a test sees it."""

    base_url: str

    def state(self) -> dict[str, Any]:
        """What it holds (`held`), how its calls ended (`calls`), what broke the contract (`refusals`)."""
        answer = httpx.get(f"{self.base_url}/_standin/state", timeout=READY_SECONDS_MAX, verify=ENCRYPTED)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def set(self, **values: Any) -> None:
        """Change faults (`faults={"seed": 1, "percent": {...}, "once": [...]}`) or what `set_up` knows."""
        httpx.post(f"{self.base_url}/_standin/set", json=values, timeout=READY_SECONDS_MAX, verify=ENCRYPTED).raise_for_status()

    def reset(self) -> None:
        """Begin again: empty books, no faults."""
        self.set(reset=True)

    def held(self) -> dict[str, int]:
        """Key -> how often."""
        counts: dict[str, int] = {}
        for document in self.state()["held"]:
            counts[document["key"]] = counts.get(document["key"], 0) + 1
        return counts


@contextmanager
def running(module: str) -> Iterator[RunningStandin]:
    """Run `python -m <module>` for as long as the context lasts; no environment of the tests' is needed."""
    process = subprocess.Popen([sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        line = process.stdout.readline() if process.stdout is not None else b""
        if not line.strip():
            raise RuntimeError(f"{module} did not start")
        yield RunningStandin(f"http://127.0.0.1:{int(line)}")
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
