"""Calls to one QuickBooks company: authorized, faults told apart from answers."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from sinks.connectors.quickbooks.faults import THROTTLED_SECONDS, failure_of, fault_in
from sinks.external.access import Access
from sinks.external.http_calls import Answer, HttpCalls, call_failure
from sinks.external.port import Request
from sinks.external.results import AuthRefused, NotSent, Throttled, Uncertain

MINOR_VERSION: Final = "75"
HEADERS: Final[Mapping[str, str]] = {"Accept": "application/json"}


class CutOff(NotSent):
    """A reading call whose answer did not come whole: the connection ended, or it was too long."""


class QuickBooksClient:
    """One company's API."""

    def __init__(self, base_url: str, access: Access | None) -> None:
        self._calls = HttpCalls(base_url)
        self._access = access

    async def post(self, request: Request) -> Any:
        """Send a request that books; the answer's JSON, which may be a fault about what was sent. Raises `CallFailed`."""
        return await self._answered(request, writes=True)

    async def get(self, path: str, **parameters: str) -> Any:
        """Read; raises `CallFailed`, which is never `Uncertain` but `CutOff`."""
        path = f"{path}?{query_string(parameters)}"
        try:
            found = await self._answered(Request(method="GET", path=path, body=None, headers=HEADERS), writes=False)
        except Uncertain as problem:
            raise CutOff(str(problem)) from None
        fault = fault_in(found)
        if fault is not None:
            raise NotSent(f"QuickBooks does not answer {path.partition('?')[0]}: {fault.code}: {fault.message}")
        return found

    async def close(self) -> None:
        """Let go of the connection."""
        await self._calls.close()

    async def _answered(self, request: Request, *, writes: bool) -> Any:
        """One answer; a token that ran out is replaced once, as nothing is booked by then."""
        if self._access is None:
            raise AuthRefused("this connection has no access; it is for rendering only")
        token = await self._access.token()
        answer = await self._sent(request, token)
        if answer.status == 401:
            await self._access.refused(token)
            answer = await self._sent(request, await self._access.token())
        return _read(answer, writes=writes)

    async def _sent(self, request: Request, token: str) -> Answer:
        return await self._calls.send(request, {"Authorization": f"Bearer {token}"})


def query_string(parameters: Mapping[str, str]) -> str:
    """Parameters as they stand after the question mark, the version of the API with them."""
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in {"minorversion": MINOR_VERSION, **parameters}.items())


def quoted(text: str) -> str:
    """A text in a query."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _read(answer: Answer, *, writes: bool) -> Any:
    if answer.status == 429:
        raise Throttled(f"QuickBooks answers 429: {answer.words()}", answer.retry_after_seconds or THROTTLED_SECONDS)
    if answer.status == 403:
        raise AuthRefused(f"QuickBooks answers 403: {answer.words()}; connect again as an administrator of the company")
    failure = call_failure(answer, writes=writes)
    if failure is not None:
        raise failure
    found = answer.json()
    fault = fault_in(found)
    failure = failure_of(fault, writes=writes) if fault is not None else None
    if failure is not None:
        raise failure
    if fault is None and answer.status >= 400:
        raise Uncertain(f"QuickBooks answers {answer.status} without a fault: {answer.words()}")
    return found
