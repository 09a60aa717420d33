"""One gateway on a real broker: its process, signed requests under load, and what of them stands on the topic."""

import asyncio
import base64
import hashlib
import hmac
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from asiento.runtime.ports import free_ports
from schemas.partitioning import partition_for
from schemas.raw_records import decode_raw_record
from schemas.topics import ORDERS_RAW
from tests.integration.order_stream import OrderStream, Worker, wait_until

SECRET = b"integration-secret"
PATH = "/in/acme/shopify:main"
ANSWER_SECONDS_MAX = 20.0


def body_of(order: int, number: int) -> bytes:
    """The payload of the number-th webhook of an order."""
    return b'{"id": %d, "number": %d, "email": "canary@example.com"}' % (order, number)


def signed(body: bytes, delivery: str, topic: str = "orders/updated") -> dict[str, str]:
    """The headers of a request."""
    signature = base64.b64encode(hmac.digest(SECRET, body, hashlib.sha256)).decode()
    return {"X-Shopify-Hmac-SHA256": signature, "X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": delivery}


@dataclass(slots=True)
class Load:
    """Orders whose webhooks are sent one after the other, each until it is answered with 200; what was answered, and how."""

    acknowledged: set[bytes] = field(default_factory=set)
    refused: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    lost_connections: int = 0

    async def order(self, session: aiohttp.ClientSession, url: str, order: int, count: int, over: Callable[[], bool]) -> None:
        """Send `count` webhooks of an order, or fewer where `over` says so."""
        for number in range(count):
            body = body_of(order, number)
            while body not in self.acknowledged and not over():
                try:
                    async with session.post(url, data=body, headers=signed(body, f"{order}-{number}")) as answer:
                        await answer.read()
                        if answer.status == 200:
                            self.acknowledged.add(body)
                        else:
                            self.refused[answer.status] += 1
                            await asyncio.sleep(0.05)
                except (aiohttp.ClientError, TimeoutError):
                    self.lost_connections += 1
                    await asyncio.sleep(0.05)


class GatewayInstallation:
    """A gateway process with a source `shopify:main` of tenant `acme`; the topics are those of an `OrderStream`."""

    def __init__(self, stream: OrderStream) -> None:
        self.stream = stream
        self.port = free_ports(1)[0]
        self.metrics_port = free_ports(1)[0]
        folder = stream.directory
        folder.joinpath("secret").write_bytes(SECRET)
        self.config = folder.joinpath("gateway.yaml")
        limits = "limits: {requests_per_second_max: 100000, burst_requests_max: 100000}\n"
        self.config.write_text(f"{limits}tenants:\n  acme:\n    shopify:main:\n      secrets: [{{file: {folder}/secret}}]\n")

    @property
    def url(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self.port}{PATH}"

    def start(self, **more: object) -> Worker:
        """Start the process and wait until it listens."""
        words = {"gateway_config": self.config, "gateway_port": self.port, "metrics_port": self.metrics_port, **more}
        process = self.stream.start(("-m", "asiento.cli.main", "gateway", "run"), **words)
        wait_until(lambda: process.logged("gateway_listening") or process.process.poll() is not None, "the gateway listens")
        assert process.process.poll() is None, process.log_file.read_text()
        return process

    def run_load(self, orders: int, count: int, seconds_max: float = 120.0, during: Callable[[], None] | None = None) -> Load:
        """Send `count` webhooks for each of so many orders side by side, from another thread.

        `during` runs in this one meanwhile: a broker that it starts lives as long as its thread.
        """
        load = Load()
        with ThreadPoolExecutor(1) as thread:
            sending = thread.submit(asyncio.run, self._load(load, orders, count, seconds_max))
            if during is not None:
                during()
            sending.result()
        return load

    async def _load(self, load: Load, orders: int, count: int, seconds_max: float) -> None:
        deadline = time.monotonic() + seconds_max
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
            sending = [load.order(session, self.url, order, count, lambda: time.monotonic() > deadline) for order in range(1, orders + 1)]
            await asyncio.gather(*sending)

    def metric(self, name: str) -> float:
        """A figure of /metrics without labels."""
        import urllib.request

        with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])

    def check(self, load: Load) -> None:
        """All that was acknowledged is on the topic, on the partition of its key, and seen first in the order in which it was sent."""
        per_key: dict[bytes, list[bytes]] = defaultdict(list)
        for record in self.stream.read(self.stream.settings.topic(ORDERS_RAW)):
            assert record.key is not None
            assert record.partition == partition_for(record.key, self.stream.partitions)
            body = decode_raw_record(record.value).body
            if body not in per_key[record.key]:
                per_key[record.key].append(body)
        stored = {body for bodies in per_key.values() for body in bodies}
        assert load.acknowledged <= stored, f"{len(load.acknowledged - stored)} acknowledged webhooks are lost"
        for key, bodies in per_key.items():
            order = int(key.rpartition(b":")[2])
            assert bodies == [body_of(order, number) for number in range(len(bodies))], f"out of order: {key!r}"

    def check_nothing_personal(self) -> None:
        """Neither logs nor metrics have anything of a payload, nor the secret."""
        for path in Path(self.stream.directory).glob("worker-*.log"):
            content = path.read_bytes()
            assert b"canary" not in content
            assert SECRET not in content


def stop(process: Worker) -> None:
    """SIGTERM: it ends in order, within 20 s."""
    process.process.send_signal(signal.SIGTERM)
    assert process.wait_exit(20) == 0, process.log_file.read_text()[-4_000:]
