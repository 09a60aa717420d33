"""Access to ledgers outside: API keys from their files, and every call counted in the store before it leaves."""

from pathlib import Path

from asiento.runtime.settings import SettingsError
from sinks.external.access import Access, OAuth
from sinks.external.capabilities import CallLimits
from sinks.external.connections import Connection
from sinks.external.results import QuotaSpent
from sinks.posting.clock import Clock
from sinks.posting.secrets import secret_of
from sinks.posting.store import StoreCalls


class SecretFile:
    """An API key as its file has it, read anew for every call: a new key needs no restart."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    async def token(self) -> str:
        """See `Access.token`."""
        return secret_of(self._path, self._name)

    async def refused(self, token: str) -> None:
        """See `Access.refused`: the file is read again anyway."""


class CountedAccess:
    """Access that counts every call in the store before it leaves, and waits where the quota wants it."""

    def __init__(self, access: Access | None, store: StoreCalls, limits: CallLimits, clock: Clock) -> None:
        self._access = access
        self._store = store
        self._limits = limits
        self._clock = clock

    async def token(self) -> str:
        """See `Access.token`; raises `QuotaSpent` where no call is left today. Empty where the ledger asks for none."""
        token = "" if self._access is None else await self._access.token()
        if self._limits != CallLimits():
            await self._permission()
        return token

    async def refused(self, token: str) -> None:
        """See `Access.refused`."""
        if self._access is not None:
            await self._access.refused(token)

    async def _permission(self) -> None:
        while (permission := await self._store(lambda store: store.calls.ask(self._limits, self._clock.now()))).window is not None:
            if permission.window == "day":
                raise QuotaSpent(f"all {self._limits.per_day} calls of this UTC day are used", permission.wait_seconds)
            await self._clock.sleep(permission.wait_seconds)


def limits_of(connection: Connection, known: CallLimits) -> CallLimits:
    """The quota of a connection: what its file says, else what is known of the vendor."""
    own = connection.limits
    if own is None:
        return known
    return CallLimits(
        per_second=own.per_second or known.per_second,
        per_minute=own.per_minute or known.per_minute,
        per_day=own.per_day or known.per_day,
    )


def access_of(connection: Connection, oauth: OAuth | None, limits: CallLimits, store: StoreCalls, clock: Clock) -> CountedAccess:
    """The access of a connection: its API key where it has one, else tokens where its kind has OAuth. Raises `SettingsError`."""
    inner: Access | None = None
    if (path := connection.secrets.get("api_key")) is not None:
        inner = SecretFile(path, f"connection {connection.name}: secrets.api_key")
    elif oauth is not None:
        inner = _tokens_of(connection, oauth, store, clock)
    return CountedAccess(inner, store, limits, clock)


def _tokens_of(connection: Connection, oauth: OAuth, store: StoreCalls, clock: Clock) -> Access:
    url = connection.options.get("token_url") or oauth.token_url
    if url is None or (url.startswith("/") and connection.base_url is None):
        raise SettingsError(f"connection {connection.name}: options.token_url is missing: where the vendor gives new tokens")
    if url.startswith("/"):
        url = f"{connection.base_url}{url}"
    if oauth.assertion_scope is not None:
        from sinks.posting.signed_tokens import SignedTokens

        return SignedTokens(connection, url, oauth.assertion_scope, clock)
    from sinks.posting.oauth_tokens import HttpTokenRequest, OAuthTokens

    extra = {name: connection.options[name] for name in oauth.sends if name in connection.options}
    return OAuthTokens(connection, HttpTokenRequest(url, client_in_body=oauth.client_in_body, extra=extra), store, clock)
