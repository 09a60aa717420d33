"""Calls to a vendor with the connection's credentials: what failed as a whole is raised, what is about the documents is answered."""

from collections.abc import Mapping
from typing import Protocol

from sinks.external.access import Access
from sinks.external.http_calls import Answer, HttpCalls, call_failure
from sinks.external.port import Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Uncertain


class VendorWords(Protocol):
    """How a vendor is asked, and how it says that a call failed. Pure."""

    def authorization(self, token: str) -> Mapping[str, str]:
        """The headers that carry the secret."""
        ...

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """The vendor's own ways to say that a call failed as a whole; None = as the status says (`call_failure`)."""
        ...


class AuthorizedCalls:
    """Calls below one base URL; the connection is opened by the first."""

    def __init__(self, base_url: str, access: Access | None, words: VendorWords) -> None:
        self._base_url = base_url
        self._access = access
        self._words = words
        self._calls: HttpCalls | None = None

    async def send(self, request: Request, *, writes: bool) -> Answer:
        """Send it; a refused token is told to the access, so that the next call has another. Raises `CallFailed`."""
        if self._access is None:
            raise AuthRefused(f"{self._base_url}: this connection has no credentials; put them into `secrets` of the connections file")
        if self._calls is None:
            self._calls = HttpCalls(self._base_url)
        token = await self._access.token()
        try:
            answer = await self._calls.send(request, self._words.authorization(token))
        except Uncertain as problem:
            raise problem if writes else NotSent(str(problem)) from None
        failure = self._words.failure(answer, writes=writes) or call_failure(answer, writes=writes)
        if isinstance(failure, AuthRefused):
            await self._access.refused(token)
        if failure is not None:
            raise failure
        return answer

    async def close(self) -> None:
        """Let go of the connection; safe to call twice."""
        if self._calls is not None:
            await self._calls.close()
            self._calls = None
