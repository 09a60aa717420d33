"""One HTTP call to a ledger outside: sent once, bounded, and its failures told apart by whether anything can have been booked.

Nothing is retried here, and redirects are not followed: a secret goes to its host only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from json import JSONDecodeError, loads
from typing import Any, Final

import httpx
import orjson

from sinks.external.port import Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Throttled, Uncertain

ANSWER_SECONDS_MAX: Final = 120.0
"""Longest wait for an answer: the vendors' own time-outs end before."""
CONNECT_SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 16 * 1024 * 1024
RETRY_AFTER_SECONDS_MAX: Final = 86_400
WORDS_SHOWN_MAX: Final = 300
"""Longest piece of a ledger's answer in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a ledger said; `received_at` is its Date header, where it has one."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body; numbers with decimals are texts, as they stand there. Raises `Uncertain` where it is no JSON: that says nothing."""
        try:
            return loads(self.body, parse_float=str)
        except (JSONDecodeError, UnicodeDecodeError, RecursionError):
            raise Uncertain(f"the ledger answers {self.status} with a body that is no JSON: {self.words()}") from None

    def words(self) -> str:
        """The beginning of the body for a message, on one line."""
        text = self.body[: WORDS_SHOWN_MAX * 4].decode("utf-8", "replace")
        return " ".join(text.split())[:WORDS_SHOWN_MAX]

    @property
    def retry_after_seconds(self) -> float | None:
        """What Retry-After asks for, in either of its forms; a date counts from the answer's own Date."""
        value = self.headers.get("retry-after", "").strip()
        if value.isdecimal():
            return min(int(value), RETRY_AFTER_SECONDS_MAX)
        try:
            seconds = (parsedate_to_datetime(value) - parsedate_to_datetime(self.headers.get("date", ""))).total_seconds()
        except (ValueError, TypeError):
            return None
        return min(max(seconds, 0), RETRY_AFTER_SECONDS_MAX)


class HttpCalls:
    """Calls below one base URL."""

    def __init__(self, base_url: str, *, answer_seconds_max: float = ANSWER_SECONDS_MAX) -> None:
        self._base_url = base_url
        timeout = httpx.Timeout(answer_seconds_max, connect=CONNECT_SECONDS_MAX)
        encrypted = not base_url.startswith("http://")  # loading certificates takes longer than many a call
        self._client = httpx.AsyncClient(verify=encrypted, timeout=timeout, follow_redirects=False, trust_env=True)

    async def send(self, request: Request, secret_headers: Mapping[str, str]) -> Answer:
        """Send one request. Raises `NotSent` where it cannot have arrived, `Uncertain` where it can."""
        sent = self._client.build_request(
            request.method,
            self._base_url + request.path,
            headers={**_content_type(request.body), **request.headers, **secret_headers},
            content=encoded(request.body),
        )
        try:
            answer = await self._client.send(sent, stream=True)
            try:
                body = await _bounded(answer)
            finally:
                await answer.aclose()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as problem:
            raise NotSent(f"{self._base_url} cannot be reached: {_words(problem)}") from None
        except (httpx.HTTPError, httpx.StreamError, OSError) as problem:
            raise Uncertain(f"{self._base_url}: the connection ended before the answer was there: {_words(problem)}") from None
        return Answer(status=answer.status_code, headers={name.lower(): value for name, value in answer.headers.items()}, body=body)

    async def close(self) -> None:
        """Close its connections; safe to call twice."""
        await self._client.aclose()


def encoded(body: Any) -> bytes:
    """A body as it goes out: bytes and texts as they are, None as nothing, anything else as JSON with exact numbers."""
    if body is None:
        return b""
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else orjson.dumps(body)


def call_failure(answer: Answer, *, writes: bool) -> CallFailed | None:
    """The failure that a status stands for at nearly every vendor; None where the status is about the documents (or good).

    writes: the call may book something, so that an error of a gateway leaves it open. Connectors look at their vendor's own words first.
    """
    words = f"the ledger answers {answer.status}: {answer.words()}"
    if answer.status == 401:
        return AuthRefused(words)
    if answer.status == 429:
        return Throttled(words, answer.retry_after_seconds)
    if answer.status in (408, 425) or answer.status >= 500:
        return Uncertain(words) if writes else NotSent(words, answer.retry_after_seconds)
    if 300 <= answer.status < 400:
        return NotSent(f"the ledger answers {answer.status} and sends on to another place: put the final address into base_url")
    return None


def _content_type(body: Any) -> dict[str, str]:
    return {} if body is None or isinstance(body, str | bytes) else {"Content-Type": "application/json"}


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > ANSWER_BYTES_MAX:
            raise httpx.ReadError(f"the answer is longer than {ANSWER_BYTES_MAX} bytes")
    return bytes(body)


def _words(problem: BaseException) -> str:
    return f"{type(problem).__name__} {problem}".strip()
