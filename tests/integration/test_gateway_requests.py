"""The gateway against malformed requests: a clear 4xx or a closed connection, never a crash, a 5xx, or growth; right ones between pass.

The short form is in the gate; `make soak-gateway` sends 200 000 (SEED).
"""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from asiento.runtime.local_kafka import LocalKafka
from tests.fuzz.gateway_requests import SECRET, malformed, well_formed
from tests.integration.gateway_installation import GatewayInstallation, stop
from tests.integration.order_stream import OrderStream

LOG = logging.getLogger(__name__)
SHORT = 1_500
LONG = 200_000
WARM_UP = 10_000
AT_ONCE = 64
QUIET_SECONDS = 0.3
"""A connection over which nothing comes for so long is one that waits for more: we close it."""
ANSWER_SECONDS_MAX = 30.0
"""A right request has an answer, however busy the machine is."""
GROWTH_BYTES_MAX = 8 * 1024 * 1024
"""What a heap may still be rounded up by; cycles that hold connections would be 20 MB and more of `LONG`."""

CONFIG = """
limits: {{requests_per_second_max: 100000, burst_requests_max: 1000000, body_bytes_max: 100000}}
tenants:
  acme:
    shopify:main:
      secrets: [{{file: {folder}/secret}}]
    stripe:main:
      secrets: [{{file: {folder}/secret}}]
    adyen:main:
      secrets: [{{file: {folder}/hexadecimal}}]
    saleor:main:
      jwks_url: http://127.0.0.1:9/jwks.json
    mollie:main:
"""


@pytest.fixture
def gateway(local_kafka: LocalKafka, topic_prefix: str, tmp_path: Path) -> Iterator[GatewayInstallation]:
    """A gateway with a source of each kind of scheme."""
    stream = OrderStream(local_kafka.bootstrap_servers, topic_prefix, tmp_path).make_topics()
    installation = GatewayInstallation(stream)
    tmp_path.joinpath("secret").write_bytes(SECRET)
    tmp_path.joinpath("hexadecimal").write_text("00ff" * 16)
    installation.config.write_text(CONFIG.format(folder=tmp_path))
    yield installation
    stream.close()


async def _answer(port: int, data: bytes, quiet_seconds: float = QUIET_SECONDS) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = b""
    try:
        writer.write(data)
        while True:
            part = await asyncio.wait_for(reader.read(65_536), QUIET_SECONDS if found else quiet_seconds)
            if not part:
                return found
            found += part
    except (TimeoutError, ConnectionError):
        return found
    finally:
        writer.close()


async def _storm(port: int, seed: int, count: int, statuses: Counter[bytes]) -> None:
    numbers = iter(range(count))

    async def one() -> None:
        for number in numbers:
            chance = random.Random(f"{seed}-{number}")
            right = number % 50 == 0
            data = well_formed(b'{"id": %d}' % number, number) if right else malformed(chance)
            answer = await _answer(port, data, ANSWER_SECONDS_MAX if right else QUIET_SECONDS)
            statuses[b"right " + answer[9:12] if right else answer[9:12]] += 1
            assert b"fuzz-secret" not in answer
            assert answer == b"" or answer.startswith(b"HTTP/"), data[:300]
            assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5")) or b"keys_unavailable" in answer, (
                number,
                answer[:300],
                data[:300],
            )

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


def _survives(gateway: GatewayInstallation, count: int) -> None:
    process = gateway.start(gateway_request_seconds_max=5)
    seed, statuses = int(os.environ.get("SEED", "1")), Counter[bytes]()
    warm_up = min(WARM_UP, count // 2)
    asyncio.run(_storm(gateway.port, seed, warm_up, statuses))
    figures = psutil.Process(process.process.pid)
    before, files = figures.memory_info().rss, figures.num_fds()
    asyncio.run(_storm(gateway.port, seed + 1, count - warm_up, statuses))
    grown = figures.memory_info().rss - before
    assert process.process.poll() is None, process.log_file.read_text()[-4_000:]
    assert grown < GROWTH_BYTES_MAX, f"{grown} bytes more than after {warm_up} requests"
    assert figures.num_fds() <= files + AT_ONCE
    assert {status for status in statuses if status.startswith(b"right ")} == {b"right 200"}, statuses
    assert {b"400", b"401", b"413", b"415"} <= statuses.keys(), statuses
    stop(process)
    assert not process.logged("request_failed"), process.log_file.read_text()[-4_000:]
    gateway.check_nothing_personal()
    LOG.warning("%d requests: %s, %.1f MB more memory", count, dict(statuses), grown / 1e6)


def test_malformed_requests_end_in_a_clear_answer(gateway: GatewayInstallation) -> None:
    _survives(gateway, SHORT)


@pytest.mark.soak
def test_very_many_malformed_requests(gateway: GatewayInstallation) -> None:
    _survives(gateway, LONG)
