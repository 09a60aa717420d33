"""Calls to Tryton that end badly: what was certainly not booked, and where the connector stops."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from sinks.connectors.tryton import drafts as drafts_module
from sinks.connectors.tryton.chart import Company
from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.drafts import Draft, Drafts
from sinks.connectors.tryton.ledger import TrytonLedger
from sinks.connectors.tryton.rendering import INVOICE, MOVE
from sinks.external.documents import LedgerDocument
from sinks.external.http_calls import Answer
from sinks.external.port import Request
from sinks.external.results import CallFailed, NotSent, Posted, PostResult, Throttled, Uncertain, Unknown
from tests.fixed_access import FixedAccess
from tests.unit.sinks_tryton.documents import invoice, journal


class Lost:
    """Every answer is lost on its way."""

    async def send(self, request: Request, secret_headers: object) -> Answer:
        raise Uncertain("the connection ended")


class Page:
    """A gateway answers a page for people, in a good status."""

    async def send(self, request: Request, secret_headers: object) -> Answer:
        return Answer(status=200, headers={}, body=b"<html>Back soon")


@dataclass
class Scripted:
    """Stands for `TrytonClient`: makes whatever is asked for, and posts until a call fails."""

    failure: CallFailed
    posts: int
    made: list[int] = field(default_factory=list)
    pressed: list[int] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)

    async def create(self, model: str, records: Sequence[Any]) -> list[int]:
        new = [len(self.made) + number + 1 for number in range(len(records))]
        self.made += new
        return new

    async def create_one(self, model: str, record: Any) -> int:
        return (await self.create(model, [record]))[0]

    async def press(self, model: str, record: int, action: str, fields: Sequence[str]) -> dict[str, Any]:
        self.pressed.append(record)
        if len(self.pressed) > self.posts:
            raise self.failure
        return {"number": f"M{record}", "state": "posted"}

    async def search(self, model: str, *_: object) -> list[Any]:
        self.searched.append(model)
        return []


async def _explain(document: LedgerDocument, problem: Exception) -> PostResult:
    raise AssertionError(f"{document.reference}: {problem}")


def _drafts(count: int, of: Callable[[str], LedgerDocument] = journal, model: str = MOVE) -> list[Draft]:
    return [Draft(document=of(f"d{number}"), model=model, record={"number": number}) for number in range(count)]


@pytest.mark.parametrize("calls", [Lost(), Page()], ids=["lost", "page"])
async def test_a_search_books_nothing_whatever_becomes_of_its_answer(calls: Any) -> None:
    client = TrytonClient("http://127.0.0.1:1/books", FixedAccess("key"))
    client._calls = calls
    with pytest.raises(NotSent, match="nothing was booked"):
        await client.search(MOVE, [], ["number"])
    with pytest.raises(Uncertain):
        await client.create(MOVE, [{}])


@pytest.mark.parametrize("bytes_max", [1_000_000, 30], ids=["in one call", "in several"])
async def test_nothing_is_sent_behind_a_call_that_failed(monkeypatch: pytest.MonkeyPatch, bytes_max: int) -> None:
    monkeypatch.setattr(drafts_module, "CREATE_BYTES_MAX", bytes_max)
    client = Scripted(Throttled("too many", 7), posts=1)
    answers = await Drafts(client, _explain).make_and_post(_drafts(5))  # type: ignore[arg-type]
    assert isinstance(answers[0], Posted)
    assert [type(answer) for answer in answers[1:]] == [Unknown] * 4
    assert [answer.failure for answer in answers if isinstance(answer, Unknown)] == [client.failure, None, None, None]
    assert client.pressed == [1, 2]
    assert len(client.made) == (5 if bytes_max > 100 else 2)


async def test_due_dates_are_not_set_against_retry_after() -> None:
    """What is posted already is looked up later, which sets it."""
    client, ledger = Scripted(Throttled("too many", 7), posts=2), TrytonLedger(TrytonClient("http://127.0.0.1:1/books", None), {})
    made = _drafts(3, lambda name: invoice(name, due_date="2026-03-31" if name == "d0" else None), INVOICE)
    answers = await Drafts(client, _explain).make_and_post(made)  # type: ignore[arg-type]
    results = await ledger._with_due_dates([draft.document for draft in made], answers)
    assert [type(results[draft.document.key]) for draft in made] == [Unknown, Posted, Unknown]
    assert client.searched == []


async def test_what_may_be_booked_is_never_said_to_be_unsent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft of an earlier try is finished, then a call fails that makes the next one: of the first the answer stands."""
    ledger, lost = TrytonLedger(TrytonClient("http://127.0.0.1:1/books", None), {}), Throttled("too many", 7)
    documents = [journal("half"), journal("new")]

    async def standing(*_: object) -> set[str]:
        return {documents[0].key}

    async def company() -> Company:
        return Company(record=1, name="Acme", currency_record=1, currency="EUR", decimals=2)

    async def draft(document: LedgerDocument, _: object) -> Draft:
        return Draft(document=document, model=MOVE, record={})

    async def find(_: LedgerDocument) -> Posted:
        return Posted(remote_id="account.move,1", earlier=True)

    async def make_and_post(_: object) -> list[PostResult]:
        raise lost

    for place, name, work in (
        (ledger._drafts, "standing", standing),
        (ledger._chart, "company", company),
        (ledger._naming, "draft", draft),
        (ledger, "find", find),
        (ledger._drafts, "make_and_post", make_and_post),
    ):
        monkeypatch.setattr(place, name, work)
    assert await ledger.post(documents, {}) == [await find(documents[0]), Unknown(reason="too many", failure=lost)]
    with pytest.raises(Throttled):
        await ledger.post(documents[1:], {})

    async def cut_off(_: LedgerDocument) -> Posted:
        raise lost

    monkeypatch.setattr(ledger, "find", cut_off)
    assert await ledger.post(documents, {}) == [Unknown(reason="too many", failure=lost)] * 2
