"""Xero's wire: one call, with its token and organization, and the failures that are Xero's own."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from sinks.external.access import Access
from sinks.external.http_calls import Answer, HttpCalls, call_failure
from sinks.external.port import Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, QuotaSpent, Uncertain

BASE_URL: Final = "https://api.xero.com/api.xro/2.0"
PAGE_DOCUMENTS: Final = 250
DAY_SECONDS: Final = 86_400


class XeroCalls:
    """Calls to one organization; `access` None = only for rendering, nothing can be sent."""

    def __init__(self, base_url: str, tenant_id: str, access: Access | None) -> None:
        self._http = HttpCalls(base_url)
        self._tenant_id = tenant_id
        self._access = access

    async def write(self, request: Request) -> Answer:
        """Send a call that books; the answer is 200 or 400, or about what it names (404). Raises `CallFailed`."""
        answer = await self._send(request)
        failure = _failure(answer, writes=True)
        if failure is not None:
            raise failure
        return answer

    async def read(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a path. Raises `CallFailed`."""
        asked = f"{path}?{urlencode(query, quote_via=quote)}" if query else path
        headers = {"Accept": "application/json", "xero-tenant-id": self._tenant_id}
        answer = await self._send(Request(method="GET", path=asked, body=None, headers=headers))
        failure = _failure(answer, writes=False)
        if failure is None and answer.status != 200:
            failure = NotSent(f"Xero answers {answer.status} to {path}: {answer.words()}")
        if failure is not None:
            raise failure
        try:
            found = answer.json()
        except Uncertain as problem:
            raise NotSent(str(problem)) from None
        if not isinstance(found, dict):
            raise NotSent(f"Xero answers {path} with {type(found).__name__} instead of an object: {answer.words()}")
        return found

    async def close(self) -> None:
        """Close the connections; safe to call twice."""
        await self._http.close()

    async def _send(self, request: Request) -> Answer:
        """Sent once; a token that Xero refuses is renewed once, as nothing is booked by it."""
        if self._access is None:
            raise AuthRefused("this connection was made for rendering only: no call can be sent")
        token = await self._access.token()
        answer = await self._http.send(request, {"Authorization": f"Bearer {token}"})
        if answer.status != 401:
            return answer
        await self._access.refused(token)
        return await self._http.send(request, {"Authorization": f"Bearer {await self._access.token()}"})


def _failure(answer: Answer, *, writes: bool) -> CallFailed | None:
    words = f"Xero answers {answer.status}: {answer.words()}"
    if answer.status == 403:
        return AuthRefused(
            f"{words}. The user who connected may not use this organization: check option tenant_id, the app's scopes, and connect again"
        )
    if answer.status == 429 and "day" in answer.headers.get("x-rate-limit-problem", "").lower():
        waits = answer.retry_after_seconds
        return QuotaSpent(f"{words}. The organization's calls of the day are spent", DAY_SECONDS if waits is None else waits)
    return call_failure(answer, writes=writes)
