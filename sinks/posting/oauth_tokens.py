"""OAuth 2 tokens of a connection: kept sealed in the store, refreshed by one process at a time, kept before they are used."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final, Protocol
from urllib.parse import urlencode

import orjson
from authlib.oauth2.auth import ClientAuth
from cryptography.fernet import Fernet, InvalidToken

from sinks.external.connections import Connection
from sinks.external.results import AuthRefused, NotSent
from sinks.posting.clock import SECOND, Clock
from sinks.posting.secrets import secret_of
from sinks.posting.store import StoreCalls
from sinks.posting.token_place import TokenCalls, TokenPlace, token_seconds

HELD_SECONDS_MAX: Final = 90
"""Whoever holds them for longer has died."""
HELD_POLL_SECONDS: Final = 1.0
OAUTH_SECRETS: Final = {
    "client_id": "the client id that the vendor gave",
    "client_secret": "the client secret that the vendor gave",
    "refresh_token": "the first refresh token, of the consent",
    "token_key": "the key that kept tokens are sealed with: 32 random bytes in URL-safe base64",
}
"""Secrets of a connection with OAuth: name -> what it is."""
_NOTHING: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What the vendor gave. origin: hash of the refresh token in the connection's file that they come from."""

    access_token: str
    refresh_token: str
    good_until: int
    origin: str


class TokenRequest(Protocol):
    """Asks the vendor for new tokens."""

    async def __call__(self, client_id: str, client_secret: str, refresh_token: str) -> dict[str, object]:
        """The answer's fields. Raises `AuthRefused`, `NotSent`."""
        ...


class OAuthTokens:
    """OAuth 2 tokens of one connection, kept sealed in the store and refreshed by one process at a time.

    A new refresh token is kept before its access token is used. Another refresh token in the file (a person connected again) wins.
    """

    def __init__(self, connection: Connection, request: TokenRequest, store: StoreCalls, clock: Clock) -> None:
        self._connection = connection
        self._request = request
        self._store = store
        self._clock = clock
        self._holder = f"{os.uname().nodename}/{os.getpid()}/{id(self)}"
        self._refused: str | None = None
        self._tokens: Tokens | None = None

    async def token(self) -> str:
        """See `Access.token`."""
        if (token := self._usable(self._tokens)) is not None:
            return token
        waits_until = self._clock.now() + HELD_SECONDS_MAX * SECOND
        while (token := self._usable(await self._load())) is None:
            if await self._hold():
                return await self._refreshed()
            if self._clock.now() >= waits_until:
                raise NotSent("another process has been refreshing the tokens of this connection for too long")
            await self._clock.sleep(HELD_POLL_SECONDS)
        return token

    async def refused(self, token: str) -> None:
        """See `Access.refused`."""
        self._refused = token

    def _usable(self, tokens: Tokens | None) -> str | None:
        """The access token, where it is good for now."""
        if tokens is None or tokens.access_token == self._refused:
            return None
        return tokens.access_token if self._clock.now() < tokens.good_until else None

    async def _hold(self) -> bool:
        now = self._clock.now()
        return await self._store(lambda store: store.calls.hold_tokens(self._holder, now, now + HELD_SECONDS_MAX * SECOND))

    async def _refreshed(self) -> str:
        """A new access token; this process holds the tokens."""
        try:
            kept = await self._load()
            if (token := self._usable(kept)) is not None:  # another process has refreshed them while this one waited
                return token
            first = self._secret("refresh_token")
            refresh_token = first if kept is None else kept.refresh_token
            answer = await self._request(self._secret("client_id"), self._secret("client_secret"), refresh_token)
            tokens = self._read(answer, refresh_token, _hash(first))
            sealed, now = self._fernet().encrypt(orjson.dumps(asdict(tokens))), self._clock.now()
            await self._store(lambda store: store.calls.keep_tokens(sealed, now))
        finally:
            await self._store(lambda store: store.calls.release_tokens(self._holder))
        if tokens.access_token == self._refused:
            raise AuthRefused("the vendor gives the token again that it refuses: connect again")
        self._tokens = tokens
        return tokens.access_token

    async def _load(self) -> Tokens | None:
        """The tokens that are kept, where they come from the refresh token in the file."""
        kept = await self._store(lambda store: store.calls.tokens())
        self._tokens = None
        if kept.sealed is not None:
            try:
                tokens = Tokens(**orjson.loads(self._fernet().decrypt(kept.sealed)))
            except InvalidToken:
                raise AuthRefused("the kept tokens were sealed with another token_key: give the right one, or connect again") from None
            self._tokens = tokens if tokens.origin == _hash(self._secret("refresh_token")) else None
        return self._tokens

    def _read(self, answer: dict[str, object], refresh_token: str, origin: str) -> Tokens:
        access_token, given = answer.get("access_token"), answer.get("refresh_token")
        if not isinstance(access_token, str) or not access_token:
            raise AuthRefused("the vendor's answer to the refresh has no access_token")
        life = token_seconds(answer)
        return Tokens(
            access_token=access_token,
            refresh_token=given if isinstance(given, str) and given else refresh_token,
            good_until=self._clock.now() + life * SECOND,
            origin=origin,
        )

    def _fernet(self) -> Fernet:
        try:
            return Fernet(self._secret("token_key"))
        except ValueError:
            raise AuthRefused("token_key is no key: 32 random bytes in URL-safe base64 are expected") from None

    def _secret(self, name: str) -> str:
        path = self._connection.secrets.get(name)
        if path is None:
            raise AuthRefused(f"connection {self._connection.name}: secrets.{name} is missing: {OAUTH_SECRETS[name]}")
        return secret_of(path, f"connection {self._connection.name}: secrets.{name}")


class HttpTokenRequest:
    """The refresh of RFC 6749, section 6, at one place; `extra`: what the vendor wants in it besides."""

    def __init__(self, url: str, *, client_in_body: bool, extra: Mapping[str, str] = _NOTHING, calls: TokenCalls | None = None) -> None:
        """Raises `SettingsError` for a URL that would show the secrets."""
        self._place = TokenPlace(url, "connect again, and put the new refresh token into its file", calls)
        self._method = "client_secret_post" if client_in_body else "client_secret_basic"
        self._extra = extra

    async def __call__(self, client_id: str, client_secret: str, refresh_token: str) -> dict[str, object]:
        """See `TokenRequest`."""
        form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh_token, **self._extra})
        _, secret, body = ClientAuth(client_id, client_secret, self._method).prepare("POST", self._place.url, {}, form)
        return await self._place.ask(body, secret)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
