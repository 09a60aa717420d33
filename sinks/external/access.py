"""Access to a vendor's API: what a call carries as its Authorization. Connectors ask for it before every call."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth:
    """OAuth 2 with refresh tokens, as a vendor has it; client id, client secret and the first refresh token are secrets of the connection.

    token_url: None = the option `token_url`; one that begins with / stands below the connection's base URL. rotates: each refresh token
    is good for one use only, so that it is kept before it is used. sends: options that go along with each request for tokens.
    assertion_scope: no refresh tokens; a token of this scope is asked for with an assertion that is signed with a private key (RFC 7523),
    of which client id, certificate id and private key are secrets of the connection.
    """

    token_url: str | None
    rotates: bool
    client_in_body: bool = False
    sends: tuple[str, ...] = ()
    assertion_scope: str | None = None


class Access(Protocol):
    """Where the secret of a connection comes from; refreshed by one process at a time, kept over restarts."""

    async def token(self) -> str:
        """A token that is good for now. Raises `AuthRefused` where a person must connect again, `NotSent` where there is none now."""
        ...

    async def refused(self, token: str) -> None:
        """The vendor refused this token: the next `token` is another one."""
        ...
