"""Personal data in webhooks goes through a real gateway and a real normalizer to the raw topic, and nowhere else."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asiento.runtime.ports import free_ports
from schemas.dead_letters import decode_dead_letter
from schemas.topics import (
    FETCH_REQUESTS,
    ORDERS_DLQ,
    ORDERS_EVENTS,
    ORDERS_RAW,
    snapshot_changelog_name,
)
from tests.integration.gateway_installation import SECRET, GatewayInstallation, signed, stop
from tests.integration.order_stream import OrderStream, wait_until
from tests.payload_canaries import IN_BYTES, MAIL, PLANTED, TEXT, with_planted
from tests.unit.sources.every_platform import life_of

NEVER = (*IN_BYTES, SECRET)
EDIT = {"order_edit": {"id": 1, "order_id": 5501, "staff_note": TEXT}}
REDACT = {"shop_id": 1, "shop_domain": "a.example", "customer": {"id": 7, "email": MAIL}, "orders_to_redact": [5501]}


@pytest.fixture
def gateway(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[GatewayInstallation]:
    stream = OrderStream(kafka, topic_prefix, tmp_path).make_topics()
    yield GatewayInstallation(stream)
    stream.close()


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
    request = urllib.request.Request(url, data=body, headers={"Content-Type": "application/json", "X-Note": TEXT, **headers})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read()


def page(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        found: bytes = answer.read()
    return found


def payloads() -> list[tuple[str, bytes]]:
    """Good ones, one that does not add up, one that cannot be read, a pointer, a privacy request."""
    life = life_of("shopify")
    wrong: dict[str, Any] = {**life[0].payload, "id": 5502, "total_price": "1.23", "total_price_set": None, "current_total_price_set": None}
    told = [(topic, with_planted(payload)) for topic, payload in life]
    told += [(life[0].topic, with_planted(wrong)), ("orders/edited", with_planted(EDIT)), ("customers/redact", REDACT)]
    return [*((topic, json.dumps(payload).encode()) for topic, payload in told), ("orders/create", f'{{"note": "{TEXT}"'.encode())]


def test_nothing_of_a_person_leaves_the_raw_topic(gateway: GatewayInstallation) -> None:
    stream, normalizer_port = gateway.stream, free_ports(1)[0]
    receiving = gateway.start()
    working = stream.start(("-m", "asiento.cli.main", "streams", "run", "normalizer"), metrics_port=normalizer_port).wait_ready()
    answers = [post(gateway.url, body, signed(body, str(number), topic)) for number, (topic, body) in enumerate(payloads())]
    assert {status for status, _ in answers} == {200}
    forged = json.dumps(with_planted({"id": 1})).encode()
    answers.append(post(gateway.url, forged, {**signed(b"another", "x"), "Authorization": str(PLANTED["authorization"])}))
    answers.append(post(f"{gateway.url}/{PLANTED['access_token']}", forged, {}))
    assert [status for status, _ in answers[-2:]] == [401, 404]
    names = {name: stream.settings.topic(name) for name in (ORDERS_RAW, ORDERS_EVENTS, ORDERS_DLQ, FETCH_REQUESTS)}
    names["memory"] = stream.settings.topic(snapshot_changelog_name(stream.settings.app_id))
    wait_until(lambda: len(stream.read(names[ORDERS_EVENTS])) >= len(life_of("shopify")), "what is right is told")
    wait_until(lambda: len(stream.read(names[ORDERS_DLQ])) == 2, "what cannot be judged is refused")
    wait_until(lambda: len(stream.read(names[FETCH_REQUESTS])) >= 1 and working.logged("privacy_request"), "the rest is done")
    said = [*(body for _, body in answers), *(page(port, "/metrics") for port in (gateway.metrics_port, normalizer_port))]
    said += [page(port, path) for port in (gateway.metrics_port, normalizer_port) for path in ("/readyz", "/livez")]
    stop(receiving)
    assert working.stop() == 0
    said += [path.read_bytes() for path in Path(stream.directory).glob("worker-*.log")]
    for name, topic in names.items():
        found = stream.read(topic)
        assert found, name
        everything = [part for record in found for part in (record.key or b"", record.value or b"", repr(record.headers).encode())]
        if name == ORDERS_RAW:
            assert all(any(canary in part for part in everything) for canary in (b"Canary Jane", b"jane.canary"))
        else:
            said += everything
    letters = [decode_dead_letter(record.value) for record in stream.read(names[ORDERS_DLQ])]
    assert {letter.reason for letter in letters} == {"hold_discrepancy", "reject_malformed"}
    assert [(canary, part[:200]) for part in said for canary in NEVER if canary in part] == []
