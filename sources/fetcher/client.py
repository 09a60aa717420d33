"""One GET at a platform: what came back, in the few ways that matter."""

import asyncio
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Final

import aiohttp

from asiento.runtime.secret_files import read_secret
from asiento.runtime.settings import SettingsError
from sources.fetcher.config import FetchedSource
from sources.platforms.payload import PAYLOAD_BYTES_MAX

SECONDS_MAX: Final = 30.0
"""Longest wait for one answer, all of it."""
RETRY_AFTER_SECONDS_MAX: Final = 3_600.0
GONE: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Fetched:
    """The object."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The platform says for good that there is no such object, or nobody could read it; `reason` is for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """Worth another try, at the earliest after `after_seconds` where the platform says so; `reason` is for people."""

    reason: str
    after_seconds: float | None = None


async def fetch(session: aiohttp.ClientSession, source: FetchedSource, path: str) -> Fetched | Gone | NotNow:
    """Read one object. Never raises for what platform or network do; redirects are not followed: a secret goes to its host only."""
    try:
        headers = {**source.headers, **_secret(source)}
        async with asyncio.timeout(SECONDS_MAX), session.get(source.base_url + path, headers=headers, allow_redirects=False) as answer:
            if answer.status in GONE:
                return Gone(f"the platform answers {answer.status}: there is no such object")
            if answer.status != 200:
                return NotNow(f"the platform answers {answer.status}", _retry_after(answer.headers.get("Retry-After")))
            body = await _bounded(answer)
            if body is None:
                return Gone(f"the answer is longer than {PAYLOAD_BYTES_MAX} bytes")
            return Fetched(body, answer.content_type)
    except SettingsError as problem:
        return NotNow(str(problem))
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        return NotNow(f"no answer: {type(problem).__name__}")


def _secret(source: FetchedSource) -> dict[str, str]:
    if source.header is None or source.secret_file is None:
        return {}
    return {source.header: source.secret_prefix + read_secret(source.secret_file, "secret_file").get_secret_value()}


async def _bounded(answer: aiohttp.ClientResponse) -> bytes | None:
    """The body, or None if it is too long; never more in memory than that."""
    body = bytearray()
    async for piece in answer.content.iter_chunked(65_536):
        body += piece
        if len(body) > PAYLOAD_BYTES_MAX:
            return None
    return bytes(body)


def _retry_after(value: str | None) -> float | None:
    """Seconds from now, from either form of the header."""
    if value is None:
        return None
    try:
        seconds = float(value) if value.strip().isdecimal() else parsedate_to_datetime(value).timestamp() - time()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
