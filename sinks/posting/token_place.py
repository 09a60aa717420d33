"""Where a vendor gives tokens: one request, its answer's fields, and its refusals told from what passes."""

from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from asiento.runtime.loopback import on_loopback
from asiento.runtime.settings import SettingsError
from sinks.external.http_calls import Answer, HttpCalls
from sinks.external.port import Request
from sinks.external.results import AuthRefused, NotSent, Uncertain

REFRESH_SECONDS_MAX: Final = 30.0
"""Longest wait for new tokens; whoever holds them for longer has died."""
TOKEN_SPARE_SECONDS: Final = 60
"""A token that ends within so long is taken for ended."""
TOKEN_SECONDS_DEFAULT: Final = 300
"""Life of a token of which the vendor does not say it."""
_FATAL: Final = frozenset(
    {"invalid_grant", "invalid_client", "unauthorized_client", "access_denied", "invalid_scope", "unsupported_grant_type"}
)


class TokenCalls(Protocol):
    """How a token request is sent: as `HttpCalls` does."""

    async def send(self, request: Request, secret_headers: Mapping[str, str]) -> Answer:
        """See `HttpCalls.send`."""
        ...


class TokenPlace:
    """The token endpoint of RFC 6749; mend: what a person does about a refusal."""

    def __init__(self, url: str, mend: str, calls: TokenCalls | None = None) -> None:
        """Raises `SettingsError` for a URL that would show the secrets."""
        parts = urlsplit(url)
        if not (parts.scheme == "https" or (parts.scheme == "http" and on_loopback(parts.hostname or ""))):
            raise SettingsError(f"token_url: {url} is neither https nor on this machine")
        self.url = url
        self._mend = mend
        self._calls = calls or HttpCalls(url, answer_seconds_max=REFRESH_SECONDS_MAX)

    async def ask(self, body: str, secret_headers: Mapping[str, str]) -> dict[str, object]:
        """The fields of the answer to a form. Raises `AuthRefused` where a person is needed, `NotSent` where it passes."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        try:
            answer = await self._calls.send(Request(method="POST", path="", body=body, headers=headers), secret_headers)
            values = answer.json()
        except Uncertain:
            raise NotSent(f"{self.url}: no new tokens now: its answer is lost, or no JSON") from None
        error = values.get("error") if isinstance(values, dict) else None
        if error in _FATAL:
            raise AuthRefused(f"{self.url} refuses new tokens ({error}): {self._mend}")
        if answer.status != 200 or not isinstance(values, dict):
            raise NotSent(f"{self.url}: no new tokens now ({answer.status})", answer.retry_after_seconds)
        return values


def token_seconds(answer: Mapping[str, object]) -> int:
    """How long a token is used, of what the vendor says in `expires_in`, as a number or a text."""
    said = str(answer.get("expires_in"))
    life = int(said) if said.isdecimal() and int(said) > 0 else TOKEN_SECONDS_DEFAULT
    return life - min(TOKEN_SPARE_SECONDS, life // 2)
