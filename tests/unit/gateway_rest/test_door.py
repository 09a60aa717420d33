"""POST /v1/events and GET /v1/receipts: who may, what is refused and how it is told, what is sent, once."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from asiento.runtime.settings import SettingsError, load_settings
from schemas.acceptance import accept_record
from schemas.event_messages import EventMessage
from schemas.refusal import Refusal
from sources.gateway.rest.api_keys import load_api_keys
from sources.gateway.rest.door import NotSent, ReceiptsUnavailable, RestLimits, create_rest_app
from sources.platforms.identity import event_id
from tests.unit.schemas import examples

KEY, OTHER_KEY = "k" * 32, "o" * 32
NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
Client = TestClient[web.Request, web.Application]


@dataclass
class Sender:
    """Remembers what was sent; `fails` makes it fail, `gate` makes it wait."""

    sent: list[EventMessage] = field(default_factory=list)
    fails: bool = False
    gate: asyncio.Event | None = None

    async def deliver(self, events: Sequence[EventMessage], *, wait_seconds_max: float) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.fails:
            raise NotSent("told to")
        self.sent += events


def receipt(wanted: str, language: str) -> dict[str, Any] | None:
    if wanted.startswith("0"):
        raise ReceiptsUnavailable("told to")
    order = {"1": "acme:shopify:main:1001", "2": "acme:shopify:other:1"}.get(wanted[0])
    return {"event_id": wanted, "order_key": order, "message": language} if order else None


def keys_file(tmp_path: Path) -> Path:
    rows = [("shop", "shopify:main", KEY), ("shop, next", "shopify:main", "n" * 32), ("other", "shopify:other", OTHER_KEY)]
    path = tmp_path / "keys.yaml"
    lines = [
        f'  - {{name: "{name}", tenant: acme, source: "{source}", sha256: "{hashlib.sha256(key.encode()).hexdigest()}"}}'
        for name, source, key in rows
    ]
    path.write_text("keys:\n" + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def sender() -> Sender:
    return Sender()


async def opened(tmp_path: Path, sender: Sender, **limits: Any) -> Client:
    app = web.Application()
    keys = load_api_keys(keys_file(tmp_path))
    app.add_subapp("/v1", create_rest_app(load_settings(), sender, keys, RestLimits(**limits), receipts=receipt, now=lambda: NOW))
    client: Client = TestClient(TestServer(app))
    await client.start_server()
    return client


@pytest.fixture
async def client(tmp_path: Path, sender: Sender) -> AsyncIterator[Client]:
    found = await opened(tmp_path, sender)
    yield found
    await found.close()


async def post(
    client: Client, body: Any, *, key: str | None = KEY, once: str | None = "k1", kind: str = "application/json", **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    sent = {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}
    if key is not None:
        sent["Authorization"] = f"Bearer {key}"
    if once is not None:
        sent["Idempotency-Key"] = once
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    async with client.post("/v1/events", data=content, headers=sent) as response:
        return response.status, orjson.loads(await response.read()), dict(response.headers)


async def test_an_event_is_sent_and_answered_202(client: Client, sender: Sender) -> None:
    status, answer, _ = await post(client, examples.captured())
    assert status == 202
    assert answer == {
        "accepted": 1,
        "items": [
            {
                "index": 0,
                "status": "accepted",
                "event_id": examples.EVENT_ID,
                "receipt": f"/v1/receipts/{examples.EVENT_ID}",
            }
        ],
    }
    (message,) = sender.sent
    accepted = accept_record(key=message.key, value=message.value, partition=message.partition(48), partition_count=48)
    assert not isinstance(accepted, Refusal)


async def test_id_and_arrival_are_completed(client: Client, sender: Sender) -> None:
    status, answer, _ = await post(client, examples.captured(event_id=None, received_at=None))
    expected = event_id(tenant="acme", source="shopify:main", order_id="1001", event_type="PaymentCaptured", business_key="capture:p1")
    assert (status, answer["items"][0]["event_id"]) == (202, expected)
    (message,) = sender.sent
    event = accept_record(key=message.key, value=message.value, partition=message.partition(48), partition_count=48)
    assert not isinstance(event, Refusal)
    assert event.received_at == int(NOW.timestamp()) * 1_000_000


async def test_arrays_and_lines_are_batches(client: Client, sender: Sender) -> None:
    events = [examples.placed(), examples.captured(event_id=examples.OTHER_ID)]
    assert (await post(client, events))[1]["accepted"] == 2
    lines = b"\n\n".join(orjson.dumps(event) for event in events) + b"\n"
    assert (await post(client, lines, once="k2", kind="application/x-ndjson"))[1]["accepted"] == 2
    assert len(sender.sent) == 4


async def test_one_faulty_event_and_nothing_is_sent(client: Client, sender: Sender) -> None:
    bad = examples.captured(amount=-1, tender="CHEQUE")
    status, answer, _ = await post(client, [examples.placed(), bad])
    assert (status, answer["accepted"], sender.sent) == (422, 0, [])
    assert [item["status"] for item in answer["items"]] == ["not_sent", "refused"]
    assert sorted(fault["pointer"] for fault in answer["items"][1]["faults"]) == ["/amount", "/tender"]
    assert all(fault["mend"] for fault in answer["items"][1]["faults"])
    assert (await post(client, [examples.placed()]))[0] == 202  # a refused request did not use up its key


@pytest.mark.parametrize("amount", ["12.10", "1e3", "1210.0", "12345678901234567890123", '"1210"', "true"])
async def test_no_money_passes_a_float(client: Client, sender: Sender, amount: str) -> None:
    body = orjson.dumps(examples.captured(amount=1)).replace(b'"amount":1', f'"amount":{amount}'.encode())
    status, answer, _ = await post(client, body)
    assert status == 422
    assert [fault["pointer"] for fault in answer["items"][0]["faults"]] == ["/amount"]
    assert sender.sent == []


async def test_large_ids_are_text(client: Client) -> None:
    status, answer, _ = await post(client, examples.captured(order_id=9_007_199_254_740_993))
    assert status == 422
    assert "ids are text" in answer["items"][0]["faults"][0]["mend"]


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"{", "application/json", "body_unreadable"),
        (b"", "application/json", "body_unreadable"),
        (b"[]", "application/json", "body_unreadable"),
        (b'{"a": NaN}', "application/json", "body_unreadable"),
        (b"[" * 100_000, "application/json", "body_unreadable"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "application/json", "body_unreadable"),
        (b'"\xff"', "application/json", "body_unreadable"),
        (b"{}\n{", "application/x-ndjson", "body_unreadable"),
        (b"\n\n", "application/x-ndjson", "body_unreadable"),
        (b"{}", "text/plain", "content_type"),
    ],
)
async def test_what_is_no_json_is_told(client: Client, body: bytes, kind: str, code: str) -> None:
    status, answer, _ = await post(client, body, kind=kind)
    assert (status, answer["error"]["code"]) == (415 if code == "content_type" else 400, code)


async def test_odd_values_are_faults_not_failures(client: Client) -> None:
    for body in (b"7", b"[null]", b'{"type": ["x"]}', b'{"type": "\\ud800", "event_id": "\\ud800"}', b'{"type":"OrderPlaced","\\ud800":1}'):
        assert (await post(client, body))[0] == 422


async def test_the_sweepers_events_are_not_taken(client: Client) -> None:
    event = {**examples.ENVELOPE, "type": "DeadlinePassed", "kind": "UNPAID", "due_at": "2026-01-05T09:39:59Z"}
    assert (await post(client, event))[1]["items"][0]["faults"][0]["pointer"] == "/type"


async def test_a_key_writes_its_own_source_only(client: Client, sender: Sender) -> None:
    for key, event, status in (
        (None, examples.captured(), 401),
        ("x" * 32, examples.captured(), 401),
        ("", examples.captured(), 401),
        (OTHER_KEY, examples.captured(), 403),
        (KEY, examples.captured(tenant="other"), 403),
        (KEY, [examples.captured(), examples.captured(source="shopify:other")], 403),
        ("n" * 32, examples.captured(), 202),
    ):
        assert (await post(client, event, key=key))[0] == status
    assert len(sender.sent) == 1


async def test_the_same_request_again_is_answered_the_same_and_sent_once(client: Client, sender: Sender) -> None:
    first = await post(client, examples.captured())
    again = await post(client, examples.captured())
    assert again[:2] == first[:2]
    assert (again[2].get("Idempotency-Replayed"), first[2].get("Idempotency-Replayed")) == ("true", None)
    assert len(sender.sent) == 1
    assert (await post(client, examples.captured(amount=1)))[0] == 409
    assert (await post(client, examples.captured(source="shopify:other"), key=OTHER_KEY))[0] == 202  # another's keys are their own


async def test_two_at_once_are_one(client: Client, sender: Sender) -> None:
    sender.gate = asyncio.Event()
    both = [asyncio.create_task(post(client, examples.captured())) for _ in range(2)]
    other = asyncio.create_task(post(client, examples.captured(amount=1)))
    assert (await other)[0] == 409
    sender.gate.set()
    assert [answer[0] for answer in await asyncio.gather(*both)] == [202, 202]
    assert len(sender.sent) == 1


async def test_without_confirmation_it_is_503_and_the_same_key_tries_again(client: Client, sender: Sender) -> None:
    sender.fails = True
    status, answer, headers = await post(client, examples.captured())
    assert (status, answer["error"]["code"], headers["Retry-After"]) == (503, "not_confirmed", "5")
    sender.fails = False
    assert (await post(client, examples.captured()))[0] == 202


async def test_the_idempotency_key_is_required_unless_told_otherwise(client: Client, tmp_path: Path, sender: Sender) -> None:
    assert (await post(client, examples.captured(), once=None))[1]["error"]["code"] == "idempotency_key_missing"
    assert (await post(client, examples.captured(), once="x" * 256))[1]["error"]["code"] == "idempotency_key_malformed"
    lenient = await opened(tmp_path, sender, idempotency_from_body=True)
    for _ in range(2):
        assert (await post(lenient, examples.captured(), once=None))[0] == 202
    assert len(sender.sent) == 1
    await lenient.close()


async def test_bounds_are_kept(tmp_path: Path, sender: Sender) -> None:
    client = await opened(tmp_path, sender, body_bytes_max=2_000, events_max=2, requests_per_second_max=1, burst_requests_max=3)
    assert (await post(client, b"x" * 2_001))[0] == 413
    assert (await post(client, b"[1,2,3]"))[1]["error"]["code"] == "too_many_events"
    assert (await post(client, b"1\n2\n3", kind="application/jsonl"))[1]["error"]["code"] == "too_many_events"
    status, _, headers = await post(client, examples.captured())
    assert (status, headers["Retry-After"]) == (429, "1")
    await client.close()


async def test_memory_is_bounded_and_a_forgotten_key_is_sent_again(tmp_path: Path, sender: Sender) -> None:
    client = await opened(tmp_path, sender, idempotency_keys_max=2)
    for once in ("a", "b", "c", "c", "a"):
        assert (await post(client, examples.captured(), once=once))[0] == 202
    assert len(sender.sent) == 4
    assert len({message.value for message in sender.sent}) == 1  # the same event_id: booked once
    await client.close()


async def test_receipts_are_for_the_owner(client: Client) -> None:
    async def asked(first: str, key: str = KEY, query: str = "") -> tuple[int, Any]:
        url = f"/v1/receipts/{first}0000000-0000-4000-8000-000000000000{query}"
        async with client.get(url, headers={"Authorization": f"Bearer {key}"}) as response:
            return response.status, orjson.loads(await response.read())

    assert (await asked("1"))[1]["message"] == "en"
    assert (await asked("1", query="?lang=es"))[1]["message"] == "es"
    assert (await asked("1", key=OTHER_KEY))[0] == 404
    assert (await asked("2"))[0] == 404
    assert (await asked("3"))[0] == 404
    assert (await asked("0"))[0] == 503
    assert (await asked("x"))[0] == 400
    assert (await asked("1", key="nobody"))[0] == 401


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("keys: 5", "a list"),
        ("kees: []", "a list"),
        ("keys: [{name: a, tenant: t, source: 'a:b'}]", r"keys\[0\]: name, tenant"),
        (f"keys: [{{name: a, tenant: 't:t', source: 'a:b', sha256: '{'0' * 64}'}}]", "without a colon"),
        (f"keys: [{{name: a, tenant: t, source: 'a', sha256: '{'0' * 64}'}}]", "exactly one colon"),
        ("keys: [{name: a, tenant: t, source: 'a:b', sha256: secret}]", "sha256sum"),
        ("keys: [" + ", ".join(["{name: a, tenant: t, source: 'a:b', sha256: '" + "0" * 64 + "'}"] * 2) + "]", "one sha256"),
    ],
)
def test_a_faulty_file_of_keys_is_told(tmp_path: Path, content: str, fault: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(content)
    with pytest.raises(SettingsError, match=fault):
        load_api_keys(path)
