"""One call to Tryton's REST API at a time, and what its status means. Nothing is retried here."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from sinks.connectors.tryton.values import Domain, Record, packed
from sinks.external.access import Access
from sinks.external.http_calls import Answer, HttpCalls, call_failure
from sinks.external.port import Request
from sinks.external.results import AuthRefused, NotSent, Uncertain

MODELS: Final = "/rest/model"
_ROW_IS_LOCKED: Final = "could not obtain lock"


class TrytonRefused(Exception):
    """Tryton's word against what was asked: it raised an error of its own and took everything of that call back."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Forbidden(TrytonRefused):
    """A button, or the making of several records, was refused without a word (403): missing rights are one reason of many."""


class RowLocked(NotSent):
    """Another user's transaction holds what this one needs (the series of numbers): it was taken back."""


class NotThere(Exception):
    """The record that a call names is not there (any more)."""


def create_request(model: str, records: Sequence[Any]) -> Request:
    """Makes records, all or none."""
    return Request(method="POST", path=f"{MODELS}/{model}/create", body={"vlist": list(records)}, headers={})


def create_one_request(model: str, record: Record) -> Request:
    """Makes one record."""
    return Request(method="POST", path=f"{MODELS}/{model}?f=id", body=record, headers={})


def action_request(model: str, record: int | str, action: str, fields: Sequence[str] = ()) -> Request:
    """A button on one record; the answer holds the fields asked for."""
    query = "?" + urlencode([("f", field) for field in fields]) if fields else ""
    return Request(method="POST", path=f"{MODELS}/{model}/{record}/{action}{query}", body={}, headers={})


class TrytonClient:
    """The REST API of one database. `context` goes with every call once it is known: without a company Tryton refuses moves."""

    def __init__(self, base_url: str, access: Access | None) -> None:
        self._calls = HttpCalls(base_url)
        self._base_url = base_url
        self._access = access
        self.context: Mapping[str, Any] = {}

    async def search(
        self,
        model: str,
        domain: Domain,
        fields: Sequence[str],
        *,
        order: Sequence[Sequence[str]] = (),
        limit: int | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> list[Record]:
        """Records with these fields; dotted names read on. What Tryton refuses to show, the key's user may not see.

        Raises `NotSent` where there is no answer.
        """
        query = [("d", packed(list(domain))), *(("f", field) for field in fields)]
        if order:
            query.append(("o", packed([list(one) for one in order])))
        if limit is not None:
            query.append(("s", str(limit)))
        request = Request(method="GET", path=f"{MODELS}/{model}?{urlencode(query)}", body=None, headers={})
        try:
            found = await self._of_model(request, writes=False, context=context)
        except TrytonRefused as problem:
            raise AuthRefused(f"Tryton does not show {model} to the key's user (group Accounting): {problem.message}") from None
        except Uncertain as problem:
            raise NotSent(f"nothing was booked: {problem}") from None
        if not isinstance(found, list):
            raise NotSent(f"Tryton at {self._base_url} answers a search of {model} with something else than records")
        return found

    async def create(self, model: str, records: Sequence[Record]) -> list[int]:
        """Make records, all or none; their ids in order. Raises `TrytonRefused`."""
        ids = await self._of_model(create_request(model, records), writes=True)
        if not isinstance(ids, list) or len(ids) != len(records):
            raise Uncertain(f"Tryton at {self._base_url} answers the making of {len(records)} records of {model} without their ids")
        return [int(one) for one in ids]

    async def create_one(self, model: str, record: Record) -> int:
        """Make one record; its id. Refusals have words here that the making of several has not. Raises `TrytonRefused`."""
        answer = await self._of_model(create_one_request(model, record), writes=True)
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), int):
            raise Uncertain(f"Tryton at {self._base_url} answers the making of a record of {model} without its id")
        return int(answer["id"])

    async def press(self, model: str, record: int, action: str, fields: Sequence[str]) -> Record:
        """Press a button of a record, and read it. Raises `TrytonRefused` or `NotThere`."""
        answer = await self._answer(action_request(model, record, action, fields), writes=True)
        return answer if isinstance(answer, dict) else {}

    async def change(self, model: str, record: int, values: Record) -> None:
        """Change fields of a record. Raises `TrytonRefused` or `NotThere`."""
        await self._answer(Request(method="PUT", path=f"{MODELS}/{model}/{record}", body=values, headers={}), writes=True)

    async def remove(self, model: str, record: int) -> None:
        """Delete a record, if it is still there. Raises `TrytonRefused`."""
        try:
            await self._answer(Request(method="DELETE", path=f"{MODELS}/{model}/{record}", body=None, headers={}), writes=True)
        except NotThere:
            return

    async def close(self) -> None:
        """Let go of the connection."""
        await self._calls.close()

    async def _of_model(self, request: Request, *, writes: bool, context: Mapping[str, Any] | None = None) -> Any:
        """The answer to a call that names no record: what is not there then is the database, or REST in it."""
        try:
            return await self._answer(request, writes=writes, context=context)
        except NotThere:
            raise NotSent(f"{self._base_url} is no database of a Tryton 8: base_url ends with the name of the database") from None

    async def _answer(self, request: Request, *, writes: bool, context: Mapping[str, Any] | None = None) -> Any:
        if self._access is None:
            raise NotSent("this connection has no secret `api_key`: it can render only")
        token = await self._access.token()
        whole = {**self.context, **(context or {})}
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en", "X-Tryton-Context": packed(whole)}
        answer = await self._calls.send(request, headers)
        if answer.status == 401:
            await self._access.refused(token)
        self._check(answer, writes=writes)
        return None if answer.status == 204 or not answer.body else answer.json()

    def _check(self, answer: Answer, *, writes: bool) -> None:
        if answer.status < 300:
            return
        if answer.status == 400:
            raise TrytonRefused(_message(answer))
        if answer.status == 401:
            raise AuthRefused(
                f"Tryton at {self._base_url} does not know this key: make a user application of type REST and put its key into the file"
                " of the secret api_key (docs/ledgers/tryton.md)"
            )
        if answer.status == 403:
            raise Forbidden(f"Tryton at {self._base_url} says 403: it is not allowed")
        if answer.status == 404:
            raise NotThere(f"Tryton at {self._base_url} has no such record")
        if answer.status == 413:
            raise TrytonRefused(f"the request is larger than this server takes ([request] max_size): {answer.words()}")
        if answer.status == 503 and _ROW_IS_LOCKED in answer.words():
            raise RowLocked(f"Tryton at {self._base_url}: somebody is posting just now, it took this back: {answer.words()}")
        raise call_failure(answer, writes=writes) or Uncertain(f"Tryton at {self._base_url} answers {answer.status}: {answer.words()}")


def _message(answer: Answer) -> str:
    try:
        body = answer.json()
    except Uncertain:
        return answer.words()
    if not isinstance(body, dict):
        return answer.words()
    texts = (body.get("message"), body.get("description"))
    return " ".join(" ".join(str(text).split()) for text in texts if text) or answer.words()
