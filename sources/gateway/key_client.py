"""Fetches keys from platforms over https: few bytes, little time, no redirects."""

import base64
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import orjson

from asiento.runtime.loopback import on_loopback
from sources.gateway.remote_keys import KeyUnavailable, KeyUnknown

ANSWER_SECONDS_MAX: Final = 4.0
ANSWER_BYTES_MAX: Final = 262_144
TOKEN_SPARE_SECONDS: Final = 60
EBAY_SCOPE: Final = "https://api.ebay.com/oauth/api_scope"


class KeyClient:
    """One connection pool for all key fetches; made inside the running loop."""

    def __init__(self) -> None:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS_MAX)
        self._session = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=8), trust_env=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def get(self, url: str, headers: Mapping[str, str] | None = None) -> bytes:
        """What stands at an address. Raises `KeyUnknown` for 404, else `KeyUnavailable`."""
        return await self._ask("GET", url, headers or {}, None)

    async def post(self, url: str, headers: Mapping[str, str], form: Mapping[str, str]) -> bytes:
        """The answer to a form. Raises as `get`."""
        return await self._ask("POST", url, headers, form)

    async def _ask(self, method: str, url: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> bytes:
        parts = urlsplit(url)
        if parts.scheme != "https" and not on_loopback(parts.hostname or ""):
            raise KeyUnavailable("keys are fetched over https only")
        try:
            async with self._session.request(method, url, headers=headers, data=form, allow_redirects=False) as answer:
                if answer.status == 404:
                    raise KeyUnknown(url)
                if answer.status != 200:
                    raise KeyUnavailable(f"{parts.hostname} answers {answer.status}")
                body = await answer.content.read(ANSWER_BYTES_MAX + 1)
                while not answer.content.at_eof() and len(body) <= ANSWER_BYTES_MAX:
                    body += await answer.content.read(ANSWER_BYTES_MAX + 1 - len(body))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise KeyUnavailable(f"{parts.hostname}: {type(error).__name__}") from None
        if len(body) > ANSWER_BYTES_MAX:
            raise KeyUnavailable(f"{parts.hostname} answers more than {ANSWER_BYTES_MAX} bytes")
        return body


class EbayKeys:
    """Fetches eBay's public keys, with a token of the application that is asked for anew when it has run out."""

    def __init__(self, client: KeyClient, token_url: str, client_id: str, client_secret: bytes) -> None:
        self._client = client
        self._token_url = token_url
        self._basic = "Basic " + base64.b64encode(client_id.encode() + b":" + client_secret).decode()
        self._token = ""
        self._ends_at = 0.0

    async def fetch(self, url: str) -> bytes:
        """The answer for one key. Raises `KeyUnknown`, `KeyUnavailable`."""
        if time.monotonic() >= self._ends_at:
            await self._renew()
        return await self._client.get(url, {"Authorization": f"Bearer {self._token}"})

    async def _renew(self) -> None:
        form = {"grant_type": "client_credentials", "scope": EBAY_SCOPE}
        try:
            content = orjson.loads(await self._client.post(self._token_url, {"Authorization": self._basic}, form))
            self._token, seconds = str(content["access_token"]), int(content["expires_in"])
        except (KeyUnknown, ValueError, TypeError, KeyError):
            raise KeyUnavailable("eBay gave no token: check client_id and client_secret") from None
        self._ends_at = time.monotonic() + max(seconds - TOKEN_SPARE_SECONDS, TOKEN_SPARE_SECONDS)
