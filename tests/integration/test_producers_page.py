"""docs/producers.md does what it says: every example is run, against a real broker, a real projector and the real REST door."""

import asyncio
import hashlib
import os
import re
import sys
from pathlib import Path

import orjson
import pytest
from aiohttp import web

from asiento.cli.rest_door import rest_applications
from asiento.runtime.settings import load_settings
from sources.platforms.identity import event_id
from sources.sdk.samples import samples
from tests.integration.events_topic import PARTITIONS, stored_events
from tests.integration.operational_projector import Projector, make_projected_topics

PAGE = Path(__file__).resolve().parents[2] / "docs" / "producers.md"
RUN_SECONDS_MAX = 60.0
KEY = "0123456789abcdef0123456789abcdef"


def example(name: str) -> str:
    """The fenced example whose first line names it."""
    found = re.search(rf"```\w+\n(# {re.escape(name)}\n.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, name
    return found.group(1)


async def run(directory: Path, environment: dict[str, str], *command: str) -> str:
    """Standard output of a process that must end with 0; the loop goes on meanwhile."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=directory, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), RUN_SECONDS_MAX)
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def test_every_example_does_what_the_page_says(kafka: str, topic_prefix: str, tmp_path: Path) -> None:
    await make_projected_topics(kafka, topic_prefix, PARTITIONS)
    projector = Projector(tmp_path, kafka, topic_prefix)
    keys = tmp_path / "keys.yaml"
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys.write_text(f"keys:\n  - {{name: zapier, tenant: acme, source: 'zapier:main', sha256: '{digest}'}}\n")
    settings = load_settings(
        {
            "kafka_bootstrap_servers": kafka,
            "topic_prefix": topic_prefix,
            "operational_url": projector.url,
            "gateway_api_keys": keys,
        }
    )
    repository = {"PYTHONPATH": str(PAGE.parents[1]), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment = projector.environment | repository
    projector.start()
    try:
        for name, told in (
            ("sync_producer.py", "1 confirmed: "),
            ("async_producer.py", "2 confirmed"),
            ("outbox.py", "1 confirmed\n0 waiting"),
        ):
            assert told in await run(tmp_path, environment, sys.executable, "-c", example(name))
        await over_http(tmp_path, settings_apps=rest_applications(settings), environment=environment)
    finally:
        projector.close()
    found = [one.event for one in await stored_events(settings)]
    assert sorted((event.order_id, event.business_key) for event in found) == [
        ("1001", "capture:pi_9"),
        ("1001", "shipment:s1"),
        ("1001", "shipment:s2"),
        ("1002", "capture:pi_10"),
        ("1003", "capture:pi_11"),
    ]


async def over_http(directory: Path, *, settings_apps: dict[str, web.Application], environment: dict[str, str]) -> None:
    """The curl examples: sent once, sent again, asked for."""
    app = web.Application()
    for prefix, inner in settings_apps.items():
        app.add_subapp(prefix, inner)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    environment = environment | {"GATEWAY": f"http://127.0.0.1:{runner.addresses[0][1]}", "KEY": KEY}
    try:
        sent = [orjson.loads(await run(directory, environment, "sh", "-c", example("send.sh"))) for _ in range(2)]
        assert sent[0]["accepted"] == 1
        assert sent[0] == sent[1]
        (item,) = sent[0]["items"]
        assert item["event_id"] == event_id(
            tenant="acme", source="zapier:main", order_id="1003", event_type="PaymentCaptured", business_key="capture:pi_11"
        )
        asked = environment | {"EVENT_ID": item["event_id"]}
        async with asyncio.timeout(RUN_SECONDS_MAX):
            while "error" in (receipt := orjson.loads(await run(directory, asked, "sh", "-c", example("receipt.sh")))):
                await asyncio.sleep(0.2)
        assert (receipt["status"], receipt["order_key"]) == ("accepted", "acme:zapier:main:1003")
    finally:
        await runner.cleanup()


async def test_the_commands_before_sending_run_without_a_broker(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(orjson.dumps(sample.to_json()) for sample in samples()))
    environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(PAGE.parents[1])}
    told = await run(tmp_path, environment, "sh", "-ec", example("check.sh"))
    assert orjson.loads(told.splitlines()[-1])["summary"]["posted"] == len(samples())


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)", PAGE.read_text(encoding="utf-8")))
def test_every_link_of_the_page_leads_somewhere(link: str) -> None:
    assert (PAGE.parent / link).exists()
