"""A thin client of a Confluent-compatible schema registry: bounded in time, tries, redirects and bytes; believes nothing.

`RegistryError`
  `RegistryUnreachable`  no usable answer: network, time, status 5xx or 429, not the answer of a registry; asking later may help
  `RegistryRefused`      the registry answered with an error of its own, its code beside the words
"""

import asyncio
import ssl
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp
import orjson
from pydantic import SecretStr

from asiento.runtime.loopback import on_loopback
from asiento.runtime.secret_files import read_secret, trusting
from asiento.runtime.settings import Settings, SettingsError

_T = TypeVar("_T")

ANSWER_BYTES_MAX: Final = 1024 * 1024
"""Longest answer that is read; a schema of ours has 40 kB."""
TRIES_MAX: Final = 3
RETRY_SECONDS: Final = 0.1
"""Pause before the second try; doubled before each further one."""
REDIRECTS_MAX: Final = 3
TRY_LATER: Final = frozenset({429, 500, 502, 503, 504})
NOT_FOUND: Final = frozenset({40401, 40402, 40403})
"""Confluent's codes: no such subject, version, schema."""
CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"


class RegistryError(Exception):
    """The registry did not give what was asked for; the message says what and where, never a password."""


class RegistryUnreachable(RegistryError):
    """No usable answer came; asking later may help."""


class _TryAgain(RegistryUnreachable):
    """Trouble that may be over in a moment."""


class RegistryRefused(RegistryError):
    """The registry answered with an error; `code` is Confluent's error code, or the HTTP status where it gave none."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{words} (error {code})")
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAccess:
    """Where the registry is and how it is spoken to; `url` without a slash at its end."""

    url: str
    timeout_seconds: float
    credentials: tuple[str, SecretStr] | None = None
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class RegisteredSchema:
    """What a registry keeps under an id: the text, and whether it is Avro that stands alone (no references)."""

    text: str
    is_plain_avro: bool


def registry_access(settings: Settings) -> RegistryAccess | None:
    """The registry of the settings; None if none is set. Raises `SettingsError`."""
    if settings.registry_url is None:
        return None
    return access_to(settings.registry_url, settings)


def access_to(url: str, settings: Settings) -> RegistryAccess:
    """Access to a registry with the credentials of the settings. Raises `SettingsError`."""
    where = urlsplit(url.rstrip("/"))
    if where.scheme not in ("http", "https") or not where.hostname or where.query or where.fragment:
        raise SettingsError("ASIENTO_REGISTRY_URL: http(s)://host:port or http(s)://host:port/path is expected")
    if "@" in where.netloc:
        raise SettingsError("ASIENTO_REGISTRY_URL holds a user: set ASIENTO_REGISTRY_USERNAME and ASIENTO_REGISTRY_PASSWORD_FILE instead")
    credentials = _credentials(settings)
    if credentials and where.scheme == "http" and not on_loopback(where.hostname):
        raise SettingsError("ASIENTO_REGISTRY_URL: a password is sent over https only; http is for a registry on loopback")
    return RegistryAccess(
        url=where.geturl(),
        timeout_seconds=settings.registry_timeout_seconds,
        credentials=credentials,
        tls=trusting(settings.registry_ca_file, "ASIENTO_REGISTRY_CA_FILE") if where.scheme == "https" else None,
    )


def _credentials(settings: Settings) -> tuple[str, SecretStr] | None:
    user, path = settings.registry_username, settings.registry_password_file
    if user is None and path is None:
        return None
    if user is None or path is None:
        raise SettingsError("ASIENTO_REGISTRY_USERNAME and ASIENTO_REGISTRY_PASSWORD_FILE belong together: set both or none")
    return user, read_secret(path, "ASIENTO_REGISTRY_PASSWORD_FILE")


class RegistryClient:
    """Asks one registry. Holds no connection between two questions: they are rare, and answers are kept by who asks.

    `counted` is called with `answered`, `refused` or `unreachable` for every question.
    """

    def __init__(self, access: RegistryAccess, counted: Callable[[str], object] = lambda _: None) -> None:
        self._access = access
        self._counted = counted

    @property
    def url(self) -> str:
        """Where the registry is."""
        return self._access.url

    async def schema(self, schema_id: int) -> RegisteredSchema | None:
        """The schema of an id; None if the registry says that it has none. Raises `RegistryError`."""
        try:
            return await self._ask("GET", f"/schemas/ids/{schema_id}", self._read_schema)
        except RegistryRefused as refusal:
            if refusal.code in NOT_FOUND:
                return None
            raise

    async def register(self, subject: str, text: str) -> int:
        """The id of a schema under a subject, new or the one it has. Raises `RegistryError`."""
        return await self._ask("POST", f"/subjects/{subject}/versions", self._read_id, {"schema": text, "schemaType": "AVRO"})

    async def look_up(self, subject: str, text: str) -> int | None:
        """The id of a schema under a subject; None if the registry has it not. Raises `RegistryError`."""
        try:
            return await self._ask("POST", f"/subjects/{subject}", self._read_id, {"schema": text, "schemaType": "AVRO"})
        except RegistryRefused as refusal:
            if refusal.code in NOT_FOUND:
                return None
            raise

    def _read_schema(self, answer: Any) -> RegisteredSchema:
        if not isinstance(answer, dict) or not isinstance(answer.get("schema"), str):
            raise RegistryUnreachable(f"{self.url}: the answer is not a registry's: it has no schema")
        plain = answer.get("schemaType") in (None, "AVRO") and not answer.get("references")
        return RegisteredSchema(answer["schema"], plain)

    def _read_id(self, answer: Any) -> int:
        found = answer.get("id") if isinstance(answer, dict) else None
        if type(found) is not int or not 0 <= found < 1 << 32:
            raise RegistryUnreachable(f"{self.url}: the answer has no schema id")
        return found

    async def _ask(self, method: str, path: str, read: Callable[[Any], _T], body: dict[str, str] | None = None) -> _T:
        """What `read` makes of the JSON of an answer, within the time of the settings whatever happens."""
        try:
            async with asyncio.timeout(self._access.timeout_seconds), self._session() as session:
                answer = read(await self._tried(session, method, self.url + path, body))
        except RegistryRefused:
            self._counted("refused")
            raise
        except TimeoutError:
            self._counted("unreachable")
            raise RegistryUnreachable(f"{self.url}: no answer within {self._access.timeout_seconds:g} s") from None
        except RegistryUnreachable:
            self._counted("unreachable")
            raise
        self._counted("answered")
        return answer

    def _session(self) -> aiohttp.ClientSession:
        headers = {"Accept": f"{CONTENT_TYPE}, application/json", "Accept-Encoding": "identity"}
        if self._access.credentials is not None:
            user, password = self._access.credentials
            headers["Authorization"] = "Basic " + b64encode(f"{user}:{password.get_secret_value()}".encode()).decode()
        # Nothing is unpacked: a short compressed answer could become any number of bytes.
        return aiohttp.ClientSession(headers=headers, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())

    async def _tried(self, session: aiohttp.ClientSession, method: str, url: str, body: dict[str, str] | None) -> Any:
        pause = RETRY_SECONDS
        for left in reversed(range(TRIES_MAX)):
            try:
                return await self._once(session, method, url, body)
            except _TryAgain:
                if not left:
                    raise
            except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: what aiohttp says of some broken answers
                if not left:
                    raise RegistryUnreachable(f"{self.url}: {type(error).__name__}: {error}") from None
            await asyncio.sleep(pause)
            pause *= 2
        raise AssertionError

    async def _once(self, session: aiohttp.ClientSession, method: str, url: str, body: dict[str, str] | None) -> Any:
        headers = {"Content-Type": CONTENT_TYPE} if body is not None else None
        data = orjson.dumps(body) if body is not None else None
        for _ in range(REDIRECTS_MAX + 1):
            async with session.request(
                method, url, data=data, headers=headers, allow_redirects=False, ssl=self._access.tls or True
            ) as response:
                if not 300 <= response.status < 400:
                    return self._judged(response.status, await self._read(response))
                url = self._redirected(url, response.headers.get("Location"))
        raise RegistryUnreachable(f"{self.url}: more than {REDIRECTS_MAX} redirects")

    def _redirected(self, url: str, location: str | None) -> str:
        """Where to ask instead: on the same host only, so that nobody sends our password or our questions elsewhere."""
        target = urljoin(url, location or "")
        if location is None or _origin(urlsplit(target)) != _origin(urlsplit(url)):
            raise RegistryUnreachable(f"{self.url}: it redirects to another host; set ASIENTO_REGISTRY_URL to where it really is")
        return target

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise RegistryUnreachable(f"{self.url}: the answer is compressed, which was not asked for")
        content = bytearray()
        async for piece in response.content.iter_any():
            content += piece
            if len(content) > ANSWER_BYTES_MAX:
                raise RegistryUnreachable(f"{self.url}: the answer is longer than {ANSWER_BYTES_MAX} bytes")
        return bytes(content)

    def _judged(self, status: int, content: bytes) -> Any:
        try:
            answer = orjson.loads(content)
        except orjson.JSONDecodeError:
            answer = None
        if status == 200:
            if answer is None:
                raise RegistryUnreachable(f"{self.url}: the answer is not JSON; is the path of the URL right?")
            return answer
        if status in TRY_LATER:
            raise _TryAgain(f"{self.url}: HTTP status {status}")
        code = answer.get("error_code") if isinstance(answer, dict) else None
        if type(code) is int:
            raise RegistryRefused(code, f"{self.url}: {str(answer.get('message'))[:200]}")
        raise RegistryUnreachable(f"{self.url}: HTTP status {status} without a registry's error code; are URL and password right?")


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        return url.scheme, url.hostname, url.port
    except ValueError:
        return "", None, None
