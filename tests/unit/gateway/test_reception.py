"""Requests over a real connection: what is answered, what is stored under which key, and that nothing of a request comes back."""

import asyncio
import gc
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from prometheus_client import generate_latest

from asiento.runtime.metrics import Metrics
from schemas.raw_records import decode_raw_record
from schemas.topics import ORDERS_RAW
from sources.gateway.config_file import load_gateway_config
from sources.gateway.dispatcher import NotSafe
from sources.gateway.http_server import GuardedRunner, application
from sources.gateway.outgoing import OutgoingRecord
from sources.gateway.reception import Reception
from sources.gateway.schemes import SchemeBuilder
from tests.unit.gateway.hand import hmac_sha256, in_base64

CONFIG = """
tenants:
  acme:
    shopify:main:
      secrets: [{environment: SECRET}]
      limits: {body_bytes_max: 2000}
    shopify:slow:
      secrets: [{environment: SECRET}]
      limits: {requests_per_second_max: 1, burst_requests_max: 2}
    woocommerce:main:
      secrets: [{environment: SECRET}]
    adyen:main:
      secrets: [{environment: HEXADECIMAL}]
    mollie:main:
    ebay:main:
      url: https://hooks.example.com/in/acme/ebay:main
      client_id: Acme
      client_secret: {environment: SECRET}
      verification_token: {environment: SECRET}
    mercado-libre:main:
      allow_from: [203.0.113.0/24]
"""
SECRET = b"a-secret"
NOW = 1_800_000_000_000_000
ORDER = b'{"id": 450789469, "email": "canary@example.com"}'


class Harbor:
    """Stands for the dispatcher: keeps what is delivered, or refuses it."""

    def __init__(self) -> None:
        self.records: list[OutgoingRecord] = []
        self.refuses = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def deliver(self, record: OutgoingRecord) -> str:
        await self.gate.wait()
        if self.refuses:
            raise NotSafe("full")
        self.records.append(record)
        return "stored"


class Gateway:
    """A gateway that listens on loopback, and a client of it."""

    def __init__(self, harbor: Harbor, metrics: Metrics, session: aiohttp.ClientSession, runner: GuardedRunner) -> None:
        self.harbor = harbor
        self.metrics = metrics
        self.session = session
        self.runner = runner
        self.port = runner.addresses[0][1]

    async def post(self, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(f"http://127.0.0.1:{self.port}{path}", data=body, headers=named) as answer:
            return answer.status, await answer.read()

    async def shopify(self, body: bytes, path: str = "/in/acme/shopify:main", **headers: str) -> tuple[int, bytes]:
        """A signed request."""
        signature = in_base64(hmac_sha256(SECRET, body))
        return await self.post(path, body, **{"X-Shopify-Hmac-SHA256": signature, "X-Shopify-Topic": "orders/create", **headers})

    async def raw(self, data: bytes, *, ends: bool = False) -> bytes:
        """Everything that is answered to bytes on a connection of their own, until the gateway closes it. ends: nothing more will come."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        if ends:
            writer.write_eof()
        try:
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()

    def counted(self, source: str, result: str) -> float | None:
        """The metric of a result."""
        tenant = "acme" if source else ""
        return self.metrics.registry.get_sample_value(
            "asiento_gateway_requests_total", {"tenant": tenant, "source": source, "result": result}
        )


def resource_of(platform: str, topic: str, body: bytes) -> str | None:
    """What an adapter would say."""
    try:
        return str(orjson.loads(body)["id"])
    except (ValueError, TypeError, KeyError):
        return None


@asynccontextmanager
async def listening(tmp_path: Path, mounted: dict[str, web.Application] | None = None, **words: Any) -> AsyncIterator[Gateway]:
    """A gateway for one test."""
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    harbor, metrics = Harbor(), Metrics()
    environment = {"SECRET": SECRET.decode(), "HEXADECIMAL": bytes(range(32)).hex()}
    reception = Reception(
        load_gateway_config(path),
        SchemeBuilder(None, lambda: NOW // 1_000_000, environment),
        harbor,  # type: ignore[arg-type]
        metrics,
        resource_of=resource_of,
        deliveries_max=100,
        request_seconds_max=words.pop("request_seconds_max", 5.0),
        now_microseconds=lambda: NOW,
    )
    guard = {"connections_max": 100, "head_seconds_max": 5.0, "stop_seconds_max": 2.0, **words}
    whole = application(harbor, reception.routes(), mounted)  # type: ignore[arg-type]
    runner = GuardedRunner(whole, malformed=metrics.gateway_requests.labels("", "", "request_malformed").inc, **guard)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Gateway(harbor, metrics, session, runner)
    finally:
        await runner.cleanup()


def code_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    """Status and code of an error."""
    return answer[0], orjson.loads(answer[1])["error"]["code"]


async def test_a_signed_request_is_stored_byte_for_byte_under_the_key_of_its_object(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        assert await gateway.shopify(ORDER, X_Shopify_Webhook_Id="wid-1", Content_Type="application/json") == (200, b"")
        (record,) = gateway.harbor.records
        assert (record.topic, record.key, record.timestamp_ms) == (ORDERS_RAW, b"acme:shopify:main:450789469", NOW // 1000)
        raw = decode_raw_record(record.value)
        assert (raw.body, raw.source_topic, raw.origin, raw.signature) == (ORDER, "orders/create", "WEBHOOK", "VERIFIED")
        assert (raw.transport_id, raw.content_type, raw.received_at) == ("wid-1", "application/json", NOW)
        assert gateway.counted("shopify:main", "stored") == 1


@pytest.mark.parametrize("path", ["/in/acme/shopify/main", "/in/acme/shopify%3Amain", "/in/acme/shopify:main?x=1"])
async def test_other_ways_to_write_the_address(tmp_path: Path, path: str) -> None:
    async with listening(tmp_path) as gateway:
        assert await gateway.shopify(ORDER, path) == (200, b"")


async def test_a_body_without_an_object_is_taken_under_a_key_of_its_own(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        for body in (b"not json", b"", b'{"id": "a\\u0000b"}', b'{"id": "' + b"9" * 300 + b'"}'):
            assert await gateway.shopify(body) == (200, b"")
        keys = [record.key for record in gateway.harbor.records]
        digest = hashlib.sha256(b"not json").hexdigest()[:16]
        assert keys[0] == f"acme:shopify:main:unreadable-{digest}".encode()
        assert all(key.startswith(b"acme:shopify:main:unreadable-") for key in keys)


@pytest.mark.parametrize(("header", "topic"), [(None, "webhook"), ("x" * 201, "webhook"), ("orders/paid", "orders/paid")])
async def test_a_topic_that_is_not_said_or_cannot_be_read_is_that_of_any_webhook(tmp_path: Path, header: str | None, topic: str) -> None:
    async with listening(tmp_path) as gateway:
        signature = in_base64(hmac_sha256(SECRET, ORDER))
        headers = {"X-Shopify-Hmac-SHA256": signature} | ({"X-Shopify-Topic": header} if header else {})
        assert await gateway.post("/in/acme/shopify:main", ORDER, **headers) == (200, b"")
        assert decode_raw_record(gateway.harbor.records[0].value).source_topic == topic


async def test_refusals_say_why_and_echo_nothing(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        unsigned = await gateway.post("/in/acme/shopify:main", ORDER)
        wrong = await gateway.post("/in/acme/shopify:main", ORDER, X_Shopify_Hmac_SHA256=in_base64(hmac_sha256(b"other", ORDER)))
        nowhere = await gateway.shopify(ORDER, "/in/canary-tenant/shopify:main")
        elsewhere = await gateway.shopify(ORDER, "/canary")
        large = await gateway.shopify(b"x" * 2_001)
        encoded = await gateway.shopify(ORDER, Content_Encoding="gzip")
        got = await gateway.session.get(f"http://127.0.0.1:{gateway.port}/in/acme/shopify:main")
        answers = [unsigned, wrong, nowhere, elsewhere, large, encoded, (got.status, await got.read())]
        assert [code_of(answer) for answer in answers] == [
            (401, "signature_missing"),
            (401, "signature_wrong"),
            (404, "unknown_source"),
            (404, "unknown_address"),
            (413, "body_too_large"),
            (415, "body_encoded"),
            (405, "method_not_allowed"),
        ]
        assert got.headers["Allow"] == "POST"
        assert not any(b"canary" in answer[1] for answer in answers)
        assert gateway.harbor.records == []
        assert b"canary" not in generate_latest(gateway.metrics.registry)


async def test_a_repeated_delivery_is_answered_and_not_stored_again(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        for _ in range(3):
            assert await gateway.shopify(ORDER, X_Shopify_Webhook_Id="wid-1") == (200, b"")
        assert await gateway.shopify(ORDER + b" ", X_Shopify_Webhook_Id="wid-1") == (200, b"")
        assert await gateway.shopify(ORDER, X_Shopify_Webhook_Id="wid-2") == (200, b"")
        assert len(gateway.harbor.records) == 3
        assert gateway.counted("shopify:main", "repeated") == 2


async def test_a_delivery_that_was_not_made_safe_is_no_repeated_one(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        gateway.harbor.refuses = True
        answer = await gateway.shopify(ORDER, X_Shopify_Webhook_Id="wid-1")
        assert code_of(answer) == (503, "not_safe")
        gateway.harbor.refuses = False
        assert await gateway.shopify(ORDER, X_Shopify_Webhook_Id="wid-1") == (200, b"")
        assert len(gateway.harbor.records) == 1


async def test_no_answer_before_the_record_is_safe(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        gateway.harbor.gate.clear()
        asking = asyncio.ensure_future(gateway.shopify(ORDER))
        done, _ = await asyncio.wait((asking,), timeout=0.2)
        assert not done
        gateway.harbor.gate.set()
        assert await asking == (200, b"")


async def test_a_record_that_takes_too_long_is_not_acknowledged(tmp_path: Path) -> None:
    async with listening(tmp_path, request_seconds_max=0.2) as gateway:
        gateway.harbor.gate.clear()
        assert code_of(await gateway.shopify(ORDER)) == (503, "not_safe")


async def test_too_many_requests_of_a_source_are_told_when_to_come_again(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        answers = [await gateway.shopify(ORDER, "/in/acme/shopify:slow") for _ in range(3)]
        assert [answer[0] for answer in answers] == [200, 200, 429]
        assert await gateway.shopify(ORDER) == (200, b""), "other sources are not held up"


async def test_woocommerce_may_ping_when_a_webhook_is_saved(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        assert await gateway.post("/in/acme/woocommerce:main", b"webhook_id=12") == (200, b"")
        assert code_of(await gateway.post("/in/acme/woocommerce:main", b"webhook_id=12&x=1")) == (401, "signature_missing")
        assert code_of(await gateway.post("/in/acme/shopify:main", b"webhook_id=12")) == (401, "signature_missing")
        assert gateway.harbor.records == []


async def test_adyen_hears_that_it_was_accepted(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        item = {"pspReference": "8", "amount": {"value": 1, "currency": "EUR"}, "eventCode": "CAPTURE", "success": "true"}
        signature = in_base64(hmac.digest(bytes(range(32)), b"8::::1:EUR:CAPTURE:true", "sha256"))
        body = orjson.dumps({"notificationItems": [{"NotificationRequestItem": {**item, "additionalData": {"hmacSignature": signature}}}]})
        assert await gateway.post("/in/acme/adyen:main", body) == (200, b"[accepted]")


async def test_a_pointer_is_stored_as_unsigned(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        assert await gateway.post("/in/acme/mollie:main", b"id=tr_WDqYK6vllg") == (200, b"")
        assert decode_raw_record(gateway.harbor.records[0].value).signature == "UNSIGNED"


async def test_ebay_is_answered_that_the_address_is_ours(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        url = f"http://127.0.0.1:{gateway.port}/in/acme/ebay:main"
        async with gateway.session.get(url, params={"challenge_code": "code-1"}) as answer:
            expected = hashlib.sha256(b"code-1" + SECRET + b"https://hooks.example.com/in/acme/ebay:main").hexdigest()
            assert (answer.status, await answer.json()) == (200, {"challengeResponse": expected})
        async with gateway.session.get(url) as answer:
            assert code_of((answer.status, await answer.read())) == (400, "challenge_missing")


async def test_a_sender_from_elsewhere_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        assert code_of(await gateway.post("/in/acme/mercado-libre:main", ORDER)) == (401, "sender_not_allowed")


@pytest.mark.parametrize("failure", [RuntimeError("canary"), ConnectionResetError("canary")])
async def test_a_failure_of_our_own_ends_the_request_and_not_the_gateway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    async with listening(tmp_path) as gateway:

        def broken(*_: object, **__: object) -> None:
            raise failure

        with monkeypatch.context() as patch:
            patch.setattr("sources.gateway.reception.raw_delivery", broken)
            answer = await gateway.shopify(ORDER)
        assert code_of(answer) == (500, "internal")
        assert b"canary" not in answer[1]
        assert await gateway.shopify(ORDER) == (200, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /in/acme/shopify:main HTTP/9.9\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000 + b"\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\n" + b"X-Y: z\r\n" * 200 + b"\r\n",
        b"POST /" + b"a" * 5_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nBad Header: x\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_400_or_408_and_no_echo(tmp_path: Path, data: bytes) -> None:
    async with listening(tmp_path, head_seconds_max=0.5) as gateway:
        answer = await gateway.raw(data)
        code = orjson.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"]
        assert (answer[9:12], code) in ((b"400", "request_malformed"), (b"408", "request_too_slow"))
        assert await gateway.shopify(ORDER) == (200, b"")


async def test_a_body_of_unknown_length_is_asked_to_say_it(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        answer = await gateway.raw(b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 411 ")


async def test_a_chunked_body_is_measured_while_it_comes(tmp_path: Path) -> None:
    async with listening(tmp_path) as gateway:
        head = b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        answer = await gateway.raw(head + b"400\r\n" + b"x" * 1_024 + b"\r\n" + b"400\r\n" + b"x" * 1_024 + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert gateway.counted("shopify:main", "body_too_large") == 1


async def test_a_head_that_comes_too_slowly_is_ended_with_408(tmp_path: Path) -> None:
    async with listening(tmp_path, head_seconds_max=0.5) as gateway:
        assert (await gateway.raw(b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\n")).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_comes_too_slowly_is_ended_with_408(tmp_path: Path) -> None:
    async with listening(tmp_path, request_seconds_max=0.5) as gateway:
        answer = await gateway.raw(b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
        assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_connection_too_many_is_told_so(tmp_path: Path) -> None:
    async with listening(tmp_path, connections_max=2) as gateway:
        kept = [await asyncio.open_connection("127.0.0.1", gateway.port) for _ in range(2)]
        assert (await gateway.raw(b"")).startswith(b"HTTP/1.1 503 ")
        for _, writer in kept:
            writer.close()


async def test_an_application_can_be_mounted_beside_and_shares_errors_and_safety(tmp_path: Path) -> None:
    from sources.gateway.answers import Refusal
    from sources.gateway.http_server import DISPATCHER
    from sources.gateway.limits import read_body

    async def take(request: web.Request) -> web.Response:
        body = await read_body(request, 100)
        await request.app[DISPATCHER].deliver(OutgoingRecord("orders.events.v1", b"k", body, 1))
        return web.Response(status=202)

    async def refuse(_: web.Request) -> web.Response:
        raise Refusal("body_too_large")

    events = web.Application()
    events.add_routes([web.post("/events", take), web.post("/refused", refuse)])
    async with listening(tmp_path, {"/v1": events}) as gateway:
        assert (await gateway.post("/v1/events", b"{}"))[0] == 202
        assert gateway.harbor.records[0].topic == "orders.events.v1"
        assert code_of(await gateway.post("/v1/refused", b"{}")) == (413, "body_too_large")
        assert code_of(await gateway.post("/v1/events", b"x" * 101)) == (413, "body_too_large")
        assert code_of(await gateway.post("/v1/nothing", b"{}")) == (404, "unknown_address")


CUT_SHORT = b"Content-Length: 2000\r\n\r\n{"


def _connections_in_memory() -> int:
    """Connections of all gateways that are alive or were not let go of."""
    return sum(issubclass(type(each), web.RequestHandler) for each in gc.get_objects())


@pytest.mark.parametrize(
    "data",
    [
        b"no http\r\n\r\n",
        b"POST /in/acme/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000 + b"\r\n\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nConnection: close\r\nX-Shopify-Hmac-SHA256: ab=\r\n\r\n{",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\nZ\r\n",
        b"POST /in/acme/shopify:main HTTP/1.1\r\nHost: x\r\n" + CUT_SHORT,
    ],
    ids=["no HTTP", "no source", "no address", "huge head", "wrong signature", "broken chunk", "cut short"],
)
async def test_nothing_of_a_refused_request_outlives_its_connection(tmp_path: Path, data: bytes) -> None:
    async with listening(tmp_path) as gateway:
        gc.collect()
        gc.disable()  # so that only what nobody holds goes
        try:
            before = _connections_in_memory()
            for _ in range(3):
                await gateway.raw(data, ends=data.endswith(CUT_SHORT))
            async with asyncio.timeout(10):
                while gateway.runner.server is not None and gateway.runner.server.connections:
                    await asyncio.sleep(0)
            assert _connections_in_memory() == before
        finally:
            gc.enable()
