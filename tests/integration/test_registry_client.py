"""The registry client against registries that misbehave: bounded in time, tries, bytes and hosts, and it believes nothing."""

import asyncio
import gzip
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from asiento.runtime.ports import free_ports
from asiento.runtime.registry_client import (
    ANSWER_BYTES_MAX,
    TRIES_MAX,
    RegisteredSchema,
    RegistryAccess,
    RegistryClient,
    RegistryError,
    RegistryRefused,
    RegistryUnreachable,
    access_to,
    registry_access,
)
from asiento.runtime.settings import Settings, SettingsError, load_settings
from tests.integration.hand_registry import NOT_FOUND, ServerThread, answer

TIMEOUT = 1.0


class Misbehaving:
    """Answers with what the test sets; counts the questions."""

    def __init__(self) -> None:
        self.make: Callable[[web.Request], Any] = lambda _: answer({"schema": '"string"'})
        self.requests: list[web.Request] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The answer of the moment."""
        self.requests.append(request)
        made = self.make(request)
        response: web.StreamResponse = await made if asyncio.iscoroutine(made) else made
        return response


@pytest.fixture(scope="module")
def misbehaving() -> Misbehaving:
    """The server's behavior."""
    return Misbehaving()


@pytest.fixture(scope="module")
def server(misbehaving: Misbehaving) -> Any:
    """The server."""
    with ServerThread(misbehaving.handle) as running:
        yield running


@pytest.fixture
def counts() -> list[str]:
    """What the client counted."""
    return []


@pytest.fixture
def client(server: ServerThread, misbehaving: Misbehaving, counts: list[str]) -> RegistryClient:
    """A client of the server."""
    misbehaving.requests.clear()
    return RegistryClient(RegistryAccess(url=server.url, timeout_seconds=TIMEOUT), counts.append)


async def test_schema_of_an_id(client: RegistryClient, misbehaving: Misbehaving, counts: list[str]) -> None:
    misbehaving.make = lambda _: answer({"schema": '"string"', "maxId": 9})
    assert await client.schema(7) == RegisteredSchema('"string"', True)
    assert misbehaving.requests[0].path == "/schemas/ids/7"
    assert counts == ["answered"]


@pytest.mark.parametrize("more", [{"schemaType": "JSON"}, {"references": [{"name": "a", "subject": "b", "version": 1}]}])
async def test_schema_that_is_no_avro_or_does_not_stand_alone_is_marked(
    client: RegistryClient, misbehaving: Misbehaving, more: dict[str, Any]
) -> None:
    misbehaving.make = lambda _: answer({"schema": "{}", **more})
    assert await client.schema(7) == RegisteredSchema("{}", False)


async def test_registry_that_does_not_know_an_id_says_so_with_its_own_code(
    client: RegistryClient, misbehaving: Misbehaving, counts: list[str]
) -> None:
    misbehaving.make = lambda _: answer(NOT_FOUND, 404)
    assert await client.schema(7) is None
    assert len(misbehaving.requests) == 1
    assert counts == ["refused"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda: web.Response(status=404, text="<html>"), "HTTP status 404"),
        (lambda: web.Response(status=401), "HTTP status 401"),
        (lambda: answer({"message": "no"}, 404), "HTTP status 404"),
        (lambda: web.Response(text="<html>"), "not JSON"),
        (lambda: answer(["schema"]), "not a registry's"),
        (lambda: answer({"schema": {}}), "not a registry's"),
        (lambda: answer({"schema": None}), "not a registry's"),
        (lambda: answer({"schema": "x" * ANSWER_BYTES_MAX}), "longer than"),
        (lambda: web.Response(body=b"\xff\xfe"), "not JSON"),
        (lambda: web.Response(body=b"[" * 500_000), "not JSON"),
        (lambda: web.Response(body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"}), "compressed"),
        (lambda: web.Response(status=302, headers={"Location": "http://example.invalid/schemas/ids/7"}), "another host"),
        (lambda: web.Response(status=302, headers={"Location": "//127.0.0.1:1/"}), "another host"),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:99999999/"}), "another host"),
        (lambda: web.Response(status=302), "another host"),
        (lambda: web.Response(status=302, headers={"Location": "/again"}), "redirects"),
    ],
)
async def test_answer_that_is_no_registrys_is_no_answer(
    client: RegistryClient, misbehaving: Misbehaving, counts: list[str], made: Callable[[], web.Response], words: str
) -> None:
    """Above all it is not "unknown": that would make dead letters of good records."""
    misbehaving.make = lambda _: made()
    with pytest.raises(RegistryUnreachable, match=words):
        await client.schema(7)
    assert counts == ["unreachable"]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_trouble_is_tried_again_a_few_times(client: RegistryClient, misbehaving: Misbehaving, status: int) -> None:
    misbehaving.make = lambda _: web.Response(status=status)
    with pytest.raises(RegistryUnreachable, match=f"HTTP status {status}"):
        await client.schema(7)
    assert len(misbehaving.requests) == TRIES_MAX
    misbehaving.make = lambda _: answer({"schema": "{}"}) if len(misbehaving.requests) > TRIES_MAX + 1 else web.Response(status=status)
    assert await client.schema(7) == RegisteredSchema("{}", True)


async def test_redirect_on_the_same_host_is_followed(client: RegistryClient, misbehaving: Misbehaving) -> None:
    moved = web.Response(status=307, headers={"Location": "/elsewhere/7"})
    misbehaving.make = lambda request: answer({"schema": "{}"}) if request.path == "/elsewhere/7" else moved
    assert await client.schema(7) == RegisteredSchema("{}", True)


async def test_slow_answers_end_in_time(client: RegistryClient, misbehaving: Misbehaving, counts: list[str]) -> None:
    async def never(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    for slow in (never, drip):
        misbehaving.make = slow
        started = time.monotonic()
        with pytest.raises(RegistryUnreachable, match="no answer within 1 s"):
            await client.schema(7)
        assert time.monotonic() - started < 5 * TIMEOUT
    assert counts == ["unreachable"] * 2


async def test_nobody_listens() -> None:
    client = RegistryClient(RegistryAccess(url=f"http://127.0.0.1:{free_ports(1)[0]}", timeout_seconds=TIMEOUT))
    with pytest.raises(RegistryUnreachable, match="Connect"):
        await client.schema(7)


async def test_credentials_are_sent_and_never_shown(server: ServerThread, misbehaving: Misbehaving, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cr3t\n")
    given_settings = load_settings(
        {"registry_url": server.url, "registry_username": "reader", "registry_password_file": tmp_path / "password"}
    )
    access = registry_access(given_settings)
    assert access is not None
    assert "s3cr3t" not in repr(access)
    misbehaving.requests.clear()
    misbehaving.make = lambda _: web.Response(status=403)
    with pytest.raises(RegistryUnreachable) as error:
        await RegistryClient(access).schema(7)
    assert misbehaving.requests[0].headers["Authorization"] == "Basic cmVhZGVyOnMzY3IzdA=="
    assert "s3cr3t" not in str(error.value)


async def test_register_and_look_up(client: RegistryClient, misbehaving: Misbehaving) -> None:
    misbehaving.make = lambda _: answer({"id": 41})
    assert (await client.register("a.B", "{}"), await client.look_up("a.B", "{}")) == (41, 41)
    assert [(request.method, request.path) for request in misbehaving.requests] == [
        ("POST", "/subjects/a.B/versions"),
        ("POST", "/subjects/a.B"),
    ]
    misbehaving.make = lambda _: answer({"error_code": 40401, "message": "no subject"}, 404)
    assert await client.look_up("a.B", "{}") is None
    misbehaving.make = lambda _: answer({"error_code": 42205, "message": "read-only"}, 422)
    with pytest.raises(RegistryRefused, match="read-only") as refused:
        await client.register("a.B", "{}")
    assert refused.value.code == 42205
    misbehaving.make = lambda _: answer({"id": "41"})
    with pytest.raises(RegistryUnreachable, match="no schema id"):
        await client.register("a.B", "{}")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("schema", "id", "error_code", "message", "x")), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(status=st.sampled_from((200, 200, 201, 204, 400, 404, 409, 422)), value=JSON_VALUES | st.binary(max_size=60))
def test_any_answer_is_a_schema_none_or_our_error(client: RegistryClient, misbehaving: Misbehaving, status: int, value: Any) -> None:
    misbehaving.make = lambda _: web.Response(status=status, body=value) if isinstance(value, bytes) else answer(value, status)

    async def ask() -> None:
        for question in (client.schema(7), client.look_up("a", "{}"), client.register("a", "{}")):
            with suppress(RegistryError):
                assert isinstance(await question, RegisteredSchema | int | None)

    asyncio.run(ask())


BAD: list[tuple[str, dict[str, Any]]] = [
    ("registry:8081", {}),
    ("ftp://registry", {}),
    ("http://", {}),
    ("http://user:pw@registry", {}),
    ("http://registry?x=1", {}),
    ("http://registry", {"registry_username": "reader"}),
    ("http://127.0.0.1", {"registry_password_file": "nothing"}),
    ("http://127.0.0.1", {"registry_username": "reader", "registry_password_file": "/nothing/there"}),
    ("https://registry", {"registry_ca_file": "/nothing/there"}),
]


@pytest.mark.parametrize(("url", "more"), BAD)
def test_settings_that_cannot_work_are_refused(url: str, more: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="ASIENTO_REGISTRY_"):
        registry_access(load_settings({"registry_url": url, **more}))


def test_password_goes_over_https_only(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cr3t")
    given_settings: Settings = load_settings({"registry_username": "reader", "registry_password_file": tmp_path / "password"})
    with pytest.raises(SettingsError, match="https"):
        access_to("http://registry", given_settings)
    access = access_to("https://registry/path/", given_settings)
    assert access.url == "https://registry/path"
    assert access.credentials == ("reader", SecretStr("s3cr3t"))
    assert access.tls is not None
