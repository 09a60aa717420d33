"""Moves and invoices: made as drafts, several at once; posted one by one; looked up by our key.

A draft counts in no balance. As the maker of a draft is the only one who posts it, a request that was thought lost and arrives late
leaves a draft at worst, never a second booking.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sinks.connectors.tryton.client import NotThere, RowLocked, TrytonClient, TrytonRefused
from sinks.connectors.tryton.rendering import INVOICE, MOVE, key_in, key_pattern, text_with_key
from sinks.connectors.tryton.values import Record, amount_read, date_read
from sinks.external.documents import LedgerDocument
from sinks.external.results import CallFailed, Posted, PostResult, Uncertain, Unknown, failure_in, unanswered

CREATE_BYTES_MAX: Final = 1_000_000
"""Largest body of one call: Tryton takes 2 MiB by default."""
MOVE_FIELDS: Final = ("number", "state", "date", "description", "lines.debit", "lines.credit", "lines.account.code")
INVOICE_FIELDS: Final = (
    "number",
    "state",
    "accounting_date",
    "description",
    "total_amount",
    "lines_to_pay",
    "account.code",
    "lines.account.code",
    "lines.amount",
    "taxes.account.code",
    "taxes.amount",
)
FIELDS: Final = {MOVE: MOVE_FIELDS, INVOICE: INVOICE_FIELDS}
COUNTS: Final = frozenset({"posted", "paid"})
"""States of moves and invoices that are in the books."""
DRAFT: Final = frozenset({"draft", "validated"})
"""States of those that are not yet; a cancelled invoice is neither."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document with the record that it becomes: of `account.move`, or of `account.invoice`."""

    document: LedgerDocument
    model: str
    record: dict[str, Any]


def remote_id(model: str, record: int) -> str:
    """A record as Tryton itself refers to it: `account.move,12`."""
    return f"{model},{record}"


def record_of(text: str | None, model: str) -> int | None:
    """The number of the record that a remote id names, if it is of this model."""
    name, _, number = (text or "").partition(",")
    return int(number) if name == model and number.isdecimal() else None


class Drafts:
    """Moves and invoices on their way. `explain` says what a refusal means."""

    def __init__(self, client: TrytonClient, explain: Callable[[LedgerDocument, TrytonRefused], Awaitable[PostResult]]) -> None:
        self._client = client
        self._explain = explain

    async def standing(self, company: int, model: str, documents: Sequence[LedgerDocument]) -> set[str]:
        """Keys of documents that are there already, posted or not; exact as long as their words have not changed."""
        texts = [text_with_key(document) for document in documents]
        found = await self._client.search(model, [["company", "=", company], ["description", "in", texts]], ["description"])
        return {key for one in found if (key := key_in(one["description"])[1]) is not None}

    async def with_key(self, company: int, model: str, key: str) -> list[Record]:
        """All moves, or invoices, that hold a key, the oldest first."""
        domain = [["company", "=", company], ["description", "like", key_pattern(key)]]
        return await self._client.search(model, domain, FIELDS[model], order=[["id", "ASC"]])

    async def make_and_post(self, drafts: Sequence[Draft]) -> list[PostResult]:
        """Make drafts of one model in few calls, then post them one by one; one answer each. Raises `CallFailed` where none was made."""
        return await self._each(_parts(drafts), self._part)

    async def post(self, document: LedgerDocument, model: str, record: int) -> PostResult:
        """Post one draft; a refused one is taken away. Raises `CallFailed`."""
        try:
            answer = await self._client.press(model, record, "post", ["number", "state"])
        except TrytonRefused as problem:
            return await self._after_refusal(document, model, record, problem)
        except NotThere:
            return Unknown(reason=f"somebody has deleted the draft {record} of Tryton that was about to be posted")
        return Posted(remote_id=remote_id(model, record), number=answer.get("number"))

    async def remove(self, model: str, record: int) -> None:
        """Take a draft away. Raises `Uncertain` where Tryton does not let it go: it would stay in its period's way."""
        try:
            await self._client.remove(model, record)
        except TrytonRefused as problem:
            raise Uncertain(f"the draft {record} of {model} in Tryton cannot be deleted: {problem.message}") from None

    async def _each(
        self, parts: Sequence[Sequence[Draft]], work: Callable[[Sequence[Draft]], Awaitable[list[PostResult]]]
    ) -> list[PostResult]:
        """Part after part; after a call that failed nothing more is sent, and nothing is known of the rest."""
        results: list[PostResult] = []
        for part in parts:
            try:
                results += await work(part)
            except CallFailed as problem:
                if not results:
                    raise
                results += [unanswered(problem)] * len(part)
            if failure_in(results) is not None:
                break
        return results + [Unknown(reason="not made in Tryton: a call before it failed")] * (sum(map(len, parts)) - len(results))

    async def _part(self, drafts: Sequence[Draft]) -> list[PostResult]:
        if len(drafts) == 1:
            return await self._alone(drafts)
        try:
            records = await self._client.create(drafts[0].model, [draft.record for draft in drafts])
        except TrytonRefused:  # because of one of them, none was made: each by itself, so that each has its own answer
            return await self._each([[draft] for draft in drafts], self._alone)
        return await self._post_each(drafts, records)

    async def _alone(self, drafts: Sequence[Draft]) -> list[PostResult]:
        (draft,) = drafts
        try:
            record = await self._client.create_one(draft.model, draft.record)
        except TrytonRefused as problem:
            return [await self._explain(draft.document, problem)]
        return await self._post_each(drafts, [record])

    async def _post_each(self, drafts: Sequence[Draft], records: Sequence[int]) -> list[PostResult]:
        results: list[PostResult] = []
        for draft, record in zip(drafts, records, strict=True):
            try:
                results.append(await self.post(draft.document, draft.model, record))
            except RowLocked as problem:
                results.append(Unknown(reason=str(problem)))
            except CallFailed as problem:
                results.append(unanswered(problem))
                break
        return results + [Unknown(reason="made in Tryton but not posted: a call before it failed")] * (len(drafts) - len(results))

    async def _after_refusal(self, document: LedgerDocument, model: str, record: int, problem: TrytonRefused) -> PostResult:
        """It may have been posted by a request that was thought lost: then pressing the button again is refused."""
        now = await self._client.search(model, [["id", "=", record]], ["number", "state"])
        if now and now[0]["state"] in COUNTS:
            return Posted(remote_id=remote_id(model, record), number=now[0]["number"], earlier=True)
        answer = await self._explain(document, problem)
        await self.remove(model, record)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a move or an invoice comes to: the day it is booked on, minor units as `LedgerDocument.total`, lines by account code."""

    date: str
    total: int
    lines: dict[str, int]


def content_of(model: str, record: Record, decimals: int) -> Content:
    """The content of a record that was read with `FIELDS`."""
    lines: list[tuple[str, int]] = []
    if model == MOVE:
        for line in record["lines"] or ():
            debit, credit = (amount_read(line[side], decimals) for side in ("debit", "credit"))
            lines.append((str(line["account"]["code"]), debit - credit))
        return Content(date=date_read(record["date"]) or "", total=sum(max(amount, 0) for _, amount in lines), lines=_added(lines))
    total = amount_read(record["total_amount"], decimals)
    lines.append((str(record["account"]["code"]), total))
    booked = [line for line in [*(record["lines"] or ()), *(record["taxes"] or ())] if line["account"] is not None]
    lines += [(str(line["account"]["code"]), -amount_read(line["amount"], decimals)) for line in booked]
    return Content(date=date_read(record["accounting_date"]) or "", total=abs(total), lines=_added(lines))


def _added(lines: Sequence[tuple[str, int]]) -> dict[str, int]:
    added: dict[str, int] = {}
    for account, amount in lines:
        added[account] = added.get(account, 0) + amount
    return {account: amount for account, amount in added.items() if amount}


def _parts(drafts: Sequence[Draft]) -> list[list[Draft]]:
    """The drafts in order, in calls that Tryton takes."""
    parts: list[list[Draft]] = []
    room = 0
    for draft in drafts:
        size = len(orjson.dumps(draft.record))
        if not parts or size > room:
            parts.append([])
            room = CREATE_BYTES_MAX
        parts[-1].append(draft)
        room -= size
    return parts
