"""`asiento gateway run` with API keys: the REST door beside the webhooks, on a real broker; it opens without one, too."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import ClientSession

from asiento.runtime.settings import load_settings
from tests.integration.events_topic import PARTITIONS, stored_events
from tests.integration.operational_projector import make_projected_topics
from tests.unit.sdk.outbox_doubles import capture

KEY = "0123456789abcdef0123456789abcdef"
START_SECONDS_MAX = 30.0


@contextmanager
def gateway(directory: Path, kafka: str, prefix: str) -> Iterator[str]:
    """The process; gives its URL."""
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    (directory / "keys.yaml").write_text(f"keys:\n  - {{name: oms, tenant: acme, source: 'oms:main', sha256: '{digest}'}}\n")
    (directory / "secret").write_text("s3cret")
    (directory / "secret").chmod(0o600)
    config = f"tenants:\n  acme:\n    shopify:main:\n      secrets:\n        - file: {directory / 'secret'}\n"
    (directory / "gateway.yaml").write_text(config)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")} | {
        "ASIENTO_KAFKA_BOOTSTRAP_SERVERS": kafka,
        "ASIENTO_TOPIC_PREFIX": prefix,
        "ASIENTO_PARTITIONS": str(PARTITIONS),
        "ASIENTO_DATA_DIR": str(directory),
        "ASIENTO_LOG_FORMAT": "json",
        "ASIENTO_GATEWAY_CONFIG": str(directory / "gateway.yaml"),
        "ASIENTO_GATEWAY_API_KEYS": str(directory / "keys.yaml"),
        "ASIENTO_GATEWAY_PORT": "0",
    }
    log = directory / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "asiento.cli.main", "gateway", "run"], env=environment, stderr=output, stdout=output
        )
    try:
        yield _url(log, process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()


def _url(log: Path, process: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_bytes().splitlines():
            if b'"gateway_listening"' in line:
                return str(orjson.loads(line)["url"])
        time.sleep(0.05)
    raise AssertionError(log.read_text())


async def post(session: ClientSession, url: str, body: Any, once: str) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {KEY}", "Idempotency-Key": once, "Content-Type": "application/json"}
    async with session.post(f"{url}/v1/events", data=orjson.dumps(body), headers=headers) as response:
        return response.status, orjson.loads(await response.read())


async def test_the_gateway_has_the_door_and_what_it_accepts_is_on_the_topic(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    with gateway(tmp_path, kafka, topic_prefix) as url:
        async with ClientSession() as session:
            batches = [[capture(str(number), f"p{turn}").to_json() for number in range(5)] for turn in range(4)]
            answers = await asyncio.gather(*[post(session, url, batch, f"b{turn}") for turn, batch in enumerate(batches)])
            assert [status for status, _ in answers] == [202] * 4
            assert (await post(session, url, batches[0], "b1"))[0] == 409
            assert (await post(session, url, {"type": "OrderPlaced"}, "b9"))[0] == 422
            async with session.get(f"{url}/v1/nothing") as response:
                assert response.status == 404
            async with session.post(f"{url}/v1/events") as response:
                assert response.status == 401
    settings = load_settings({"kafka_bootstrap_servers": kafka, "topic_prefix": topic_prefix})
    sent = {event["event_id"] for batch in batches for event in batch}
    assert {one.event.event_id for one in await stored_events(settings)} == sent


async def test_without_a_broker_it_opens_and_says_that_nothing_is_confirmed(topic_prefix: str, tmp_path: Path) -> None:
    with gateway(tmp_path, "127.0.0.1:1", topic_prefix) as url:
        async with ClientSession() as session:
            status, answer = await post(session, url, capture("1", "p1").to_json(), "a")
            assert (status, answer["error"]["code"]) == (503, "not_confirmed")
