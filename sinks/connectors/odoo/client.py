"""Calls to one company of one Odoo database over JSON-2; each is a transaction of its own there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sinks.connectors.authorized_calls import AuthorizedCalls
from sinks.external.access import Access
from sinks.external.http_calls import Answer
from sinks.external.port import Request
from sinks.external.results import AuthRefused, CallFailed, NotSent, Uncertain

Record: TypeAlias = Mapping[str, Any]
"""One record as it is read: field -> value, `id` among them; what is not set is False, another record is [id, its name]."""
Domain: TypeAlias = Sequence[Any]
"""A search of Odoo: clauses [field, operator, value], all of which hold."""

PAGE_RECORDS: Final = 500
"""Records of one answer of a list."""
_NO_RIGHTS: Final = frozenset({"odoo.exceptions.AccessError", "odoo.exceptions.AccessDenied"})


class OdooRefused(Exception):
    """Odoo's word against a call: the name of its error, and the message for people. Its transaction is undone."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The database, where its host has several, and the number of the company."""

    company: int
    database: str | None

    def request(self, model: str, method: str, arguments: Mapping[str, Any]) -> Request:
        """One call of a method; messages in English, nothing of other companies."""
        context = {"lang": "en_US", "allowed_company_ids": [self.company], "active_test": False}
        headers = {} if self.database is None else {"X-Odoo-Database": self.database}
        return Request(method="POST", path=f"/json/2/{model}/{method}", body={**arguments, "context": context}, headers=headers)


class OdooWords:
    """How Odoo is asked, and how it says that a call failed."""

    def authorization(self, token: str) -> Mapping[str, str]:
        """An API key of a user."""
        return {"Authorization": f"bearer {token}"}

    def failure(self, answer: Answer, *, writes: bool) -> CallFailed | None:
        """Odoo's errors are objects with a name; one of its own has undone the transaction, whatever its status."""
        del writes
        if answer.status < 400:
            return None
        error = error_in(answer)
        words = f"Odoo answers {answer.status}: {answer.words()}"
        if answer.status in (401, 403) or (error is not None and error.name in _NO_RIGHTS):
            return AuthRefused(f"{words}; the key's user needs the accounting rights of its company")
        if error is None:
            return NotSent(f"{words}; look at base_url and the option database") if answer.status == 404 else None
        return NotSent(f"Odoo failed and has undone the call: {error.name}: {error.message}") if answer.status >= 500 else None


class OdooClient:
    """What is asked of Odoo. Every method raises `CallFailed`, and `OdooRefused` for the rest of its errors."""

    def __init__(self, base_url: str, access: Access | None, place: Place) -> None:
        self.place = place
        self._calls = AuthorizedCalls(base_url, access, OdooWords())

    async def search(self, model: str, domain: Domain, fields: Sequence[str], *, limit: int = PAGE_RECORDS) -> list[Record]:
        """The records that match, the oldest first."""
        arguments = {"domain": domain, "fields": fields, "limit": limit, "order": "id asc"}
        return list(await self._called(self.place.request(model, "search_read", arguments), writes=False))

    async def all_of(self, model: str, domain: Domain, fields: Sequence[str]) -> list[Record]:
        """All records that match, page by page."""
        found: list[Record] = []
        while True:
            after = found[-1]["id"] if found else 0
            page = await self.search(model, [*domain, ["id", ">", after]], fields)
            found += page
            if len(page) < PAGE_RECORDS:
                return found

    async def sums(self, model: str, domain: Domain, group: str, aggregate: str) -> list[Record]:
        """One sum for each value of a field."""
        arguments = {"domain": domain, "groupby": [group], "aggregates": [aggregate]}
        return list(await self._called(self.place.request(model, "formatted_read_group", arguments), writes=False))

    async def write(self, request: Request) -> Any:
        """A call that changes something."""
        return await self._called(request, writes=True)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._calls.close()

    async def _called(self, request: Request, *, writes: bool) -> Any:
        answer = await self._calls.send(request, writes=writes)
        if answer.status >= 400:
            error = error_in(answer)
            raise OdooRefused(str(answer.status), answer.words()) if error is None else error
        try:
            return answer.json()
        except Uncertain as problem:
            raise problem if writes else NotSent(str(problem)) from None


def error_in(answer: Answer) -> OdooRefused | None:
    """The error of an answer; None where it is not Odoo's but a proxy's."""
    try:
        body = answer.json()
    except CallFailed:
        return None
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        return None
    return OdooRefused(body["name"], " ".join(str(body.get("message", "")).split()))
