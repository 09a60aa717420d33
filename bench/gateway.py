"""CPU of the gateway per signed request, requests a second, and how long answers take, on one real local broker.

    python -m bench.gateway [--requests 20000] [--connections 64] [--body-bytes 3000]

Signed Shopify orders from one process, the gateway in another, the broker in a third. First as fast as it goes: requests a second and
CPU (user + system time of the gateway) per request. Then by the clock, at half of the goal, at the goal and at half of what went: how
long answers take from the moment at which each should have been sent.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import uvloop

from asiento.runtime.child_process import ChildProcess
from asiento.runtime.local_kafka import LocalKafka
from asiento.runtime.ports import free_ports
from asiento.runtime.settings import Settings, load_settings
from asiento.runtime.topic_admin import apply
from bench.processes import start
from schemas.topics import catalogue

PARTITIONS = 48
SECRET = "bench-secret"  # noqa: S105 - of a gateway that lives for this run
START_SECONDS_MAX = 60.0
WARM_UP_REQUESTS = 2_000
GOAL_PER_SECOND = 500
PACED_SECONDS = 15.0


def main() -> None:
    """Run both parts and print their figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.gateway", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--body-bytes", type=int, default=3_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="asiento-bench-") as place, LocalKafka(Path(place, "kafka")) as broker:
        options = {"kafka_bootstrap_servers": broker.bootstrap_servers, "partitions": PARTITIONS, "app_id": "bench"}
        settings = load_settings({**options, "replication_factor": 1, "min_insync_replicas": 1, "data_dir": Path(place)})
        asyncio.run(apply(settings, catalogue(settings.app_id, PARTITIONS, 1, 1)))
        port = free_ports(1)[0]
        gateway = _started(settings, Path(place), port)
        try:
            uvloop.run(_measure(arguments, port, gateway.pid))
        finally:
            os.kill(gateway.pid, signal.SIGTERM)
            code = gateway.wait(30)
            say(f"gateway ended with {code}")


async def _measure(arguments: argparse.Namespace, port: int, pid: int) -> None:
    requests = _requests(arguments.body_bytes)
    load = Load("127.0.0.1", port, requests)
    await load.as_fast_as_it_goes(WARM_UP_REQUESTS, arguments.connections)
    cpu, began = cpu_seconds(pid), time.monotonic()
    await load.as_fast_as_it_goes(arguments.requests, arguments.connections)
    seconds, cpu = time.monotonic() - began, cpu_seconds(pid) - cpu
    rate = arguments.requests / seconds
    say(f"{arguments.requests} requests of {arguments.body_bytes} bytes over {arguments.connections} connections: {rate:.0f} requests/s")
    say(f"{cpu / arguments.requests * 1e6:.0f} us of CPU per request (all other statuses than 200: {load.refused})")
    for paced in (GOAL_PER_SECOND / 2, GOAL_PER_SECOND, rate / 2):
        cpu, count = cpu_seconds(pid), round(paced * PACED_SECONDS)
        times = sorted(await load.by_the_clock(count, paced, arguments.connections))
        cpu = cpu_seconds(pid) - cpu
        p50, p99 = (times[int(len(times) * share)] * 1e3 for share in (0.5, 0.99))
        say(f"at {paced:.0f} requests/s: answers p50 {p50:.1f} ms, p99 {p99:.1f} ms, slowest {times[-1] * 1e3:.0f} ms")
        say(f"{cpu / count * 1e6:.0f} us of CPU per request (all other statuses than 200: {load.refused})")


class Load:
    """Sends requests over kept connections, one after the other on each, and reads their answers."""

    def __init__(self, host: str, port: int, requests: Iterator[bytes]) -> None:
        self._host = host
        self._port = port
        self._requests = requests
        self.refused = 0

    async def as_fast_as_it_goes(self, count: int, connections: int) -> None:
        """So many requests, each connection as fast as answers come."""
        left = itertools.count()

        async def one() -> None:
            connection = await self._connect()
            while next(left) < count:
                await self._ask(connection)
            connection[1].close()

        await asyncio.gather(*(one() for _ in range(connections)))

    async def by_the_clock(self, count: int, per_second: float, connections: int) -> list[float]:
        """So many requests, evenly in time whatever the answers do; seconds from when each was due to its answer."""
        queue: asyncio.Queue[float] = asyncio.Queue()
        times: list[float] = []

        async def one() -> None:
            connection = await self._connect()
            while True:
                due = await queue.get()
                await self._ask(connection)
                times.append(time.monotonic() - due)

        tasks = [asyncio.ensure_future(one()) for _ in range(connections)]
        began = time.monotonic()
        for number in range(count):
            due = began + number / per_second
            await asyncio.sleep(max(due - time.monotonic(), 0))
            queue.put_nowait(due)
        while len(times) < count and not any(task.done() for task in tasks):
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        return times

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port)

    async def _ask(self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        reader, writer = connection
        writer.write(next(self._requests))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if length:
            await reader.readexactly(length)
        self.refused += not head.startswith(b"HTTP/1.1 200")


def _requests(body_bytes: int) -> Iterator[bytes]:
    """Orders without end, each of another id, signed."""
    for number in itertools.count(5_000_000_000):
        lines = [{"id": number * 10 + line, "quantity": 1, "price": "19.90", "title": "mug"} for line in range(5)]
        order = {"id": number, "currency": "EUR", "total_price": "99.50", "line_items": lines, "note": ""}
        order["note"] = "x" * max(body_bytes - len(orjson.dumps(order)), 0)
        yield signed_request("/in/bench/shopify:main", orjson.dumps(order), number)


def signed_request(path: str, body: bytes, number: int) -> bytes:
    """The bytes of one request."""
    signature = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"X-Shopify-Topic: orders/create\r\nX-Shopify-Hmac-SHA256: {signature}\r\nX-Shopify-Webhook-Id: bench-{number}\r\n\r\n"
    )
    return head.encode() + body


def cpu_seconds(pid: int) -> float:
    """User and system time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _started(settings: Settings, folder: Path, port: int) -> ChildProcess:
    folder.joinpath("secret").write_text(SECRET, encoding="ascii")
    folder.joinpath("gateway.yaml").write_text(
        "limits: {requests_per_second_max: 100000, burst_requests_max: 100000}\n"
        f"tenants:\n  bench:\n    shopify:main:\n      secrets:\n        - file: {folder}/secret\n",
        encoding="ascii",
    )
    more = {"ASIENTO_GATEWAY_CONFIG": str(folder.joinpath("gateway.yaml")), "ASIENTO_GATEWAY_PORT": str(port)}
    gateway = start(settings, ("gateway", "run"), 0, more)
    log, deadline = folder.joinpath("gateway.log"), time.monotonic() + START_SECONDS_MAX
    while not log.exists() or b"gateway_listening" not in log.read_bytes():
        if gateway.exit_code() is not None or time.monotonic() > deadline:
            sys.exit(f"the gateway did not start: {log.read_text(encoding='utf-8')}")
        time.sleep(0.1)
    return gateway


def say(text: str) -> None:
    """One line of the report."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
