"""Accounting moves: made as drafts, several at once; posted one by one; looked up by our key; finished where an earlier try was cut off.

A draft counts in no balance. As the maker of a draft is the only one who posts it, a request that was thought lost and arrives late
leaves a draft at worst, never a second booking.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sinks.connectors.tryton.client import NotThere, TrytonClient, TrytonRefused
from sinks.connectors.tryton.rendering import MOVE, key_in, key_pattern, text_with_key, totals_of
from sinks.connectors.tryton.values import Record, amount_read, date_read
from sinks.external.documents import LedgerDocument
from sinks.external.results import CallFailed, NotSent, Posted, PostResult, Uncertain, Unknown

CREATE_BYTES_MAX: Final = 1_000_000
"""Largest body of one call: Tryton takes 2 MiB by default."""
MOVE_FIELDS: Final = (
    "number",
    "state",
    "date",
    "description",
    "lines.debit",
    "lines.credit",
    "lines.account.code",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A document with the record that it becomes."""

    document: LedgerDocument
    record: dict[str, Any]


def remote_id(model: str, record: int) -> str:
    """A record as Tryton itself refers to it: `account.move,12`."""
    return f"{model},{record}"


def record_of(text: str | None, model: str) -> int | None:
    """The number of the record that a remote id names, if it is of this model."""
    name, _, number = (text or "").partition(",")
    return int(number) if name == model and number.isdecimal() else None


class Moves:
    """The moves of one company. `explain` says what a refusal means."""

    def __init__(self, client: TrytonClient, explain: Callable[[LedgerDocument, TrytonRefused], Awaitable[PostResult]]) -> None:
        self._client = client
        self._explain = explain

    async def standing(self, company: int, documents: Sequence[LedgerDocument]) -> set[str]:
        """Keys of documents that are there already, posted or not; exact as long as their words have not changed."""
        texts = [text_with_key(document) for document in documents]
        found = await self._client.search(MOVE, [["company", "=", company], ["description", "in", texts]], ["description"])
        return {key for one in found if (key := key_in(one["description"])[1]) is not None}

    async def with_key(self, company: int, key: str) -> list[Record]:
        """All moves that hold a key, the oldest first."""
        domain = [["company", "=", company], ["description", "like", key_pattern(key)]]
        return await self._client.search(MOVE, domain, MOVE_FIELDS, order=[["id", "ASC"]])

    async def make_and_post(self, drafts: Sequence[Draft]) -> list[PostResult]:
        """Make all of them in few calls, then post them one by one; one answer each. Raises `CallFailed` where nothing was made."""
        results: list[PostResult] = []
        for part in _parts(drafts):
            try:
                results += await self._make_and_post(part)
            except CallFailed as problem:
                if not results:
                    raise
                results += [Unknown(reason=str(problem))] * (len(drafts) - len(results))
                break
        return results

    async def post(self, document: LedgerDocument, record: int) -> PostResult:
        """Post one draft; a refused one is taken away. Raises `CallFailed`."""
        try:
            answer = await self._client.press(MOVE, record, "post", ["number", "state"])
        except TrytonRefused as problem:
            return await self._after_refusal(document, record, problem)
        except NotThere:
            return Unknown(reason=f"somebody has deleted the draft {record} of Tryton that was about to be posted")
        return Posted(remote_id=remote_id(MOVE, record), number=answer.get("number"))

    async def _make_and_post(self, drafts: Sequence[Draft]) -> list[PostResult]:
        try:
            records = await self._client.create(MOVE, [draft.record for draft in drafts])
        except TrytonRefused as problem:
            if len(drafts) == 1:
                return [await self._explain(drafts[0].document, problem)]
            return await self._one_by_one(drafts)
        results: list[PostResult] = []
        for draft, record in zip(drafts, records, strict=True):
            try:
                results.append(await self.post(draft.document, record))
            except CallFailed as problem:
                results.append(Unknown(reason=str(problem)))
                if not _somebody_was_posting(problem):
                    break
        return results + [Unknown(reason="made in Tryton but not posted: the calls before failed")] * (len(drafts) - len(results))

    async def _one_by_one(self, drafts: Sequence[Draft]) -> list[PostResult]:
        """One of them is refused, so that none was made: each by itself, so that each has its own answer."""
        results: list[PostResult] = []
        for draft in drafts:
            try:
                results += await self._make_and_post([draft])
            except CallFailed as problem:
                if not results:
                    raise
                results += [Unknown(reason=str(problem))] * (len(drafts) - len(results))
                break
        return results

    async def _after_refusal(self, document: LedgerDocument, record: int, problem: TrytonRefused) -> PostResult:
        """The move may have been posted by a request that was thought lost: then pressing the button again is refused."""
        now = await self._client.search(MOVE, [["id", "=", record]], ["number", "state"])
        if now and now[0]["state"] == "posted":
            return Posted(remote_id=remote_id(MOVE, record), number=now[0]["number"], earlier=True)
        answer = await self._explain(document, problem)
        await self.remove(record)
        return answer

    async def remove(self, record: int) -> None:
        """Take a draft away. Raises `Uncertain` where Tryton does not let it go: it would stay in its period's way."""
        try:
            await self._client.remove(MOVE, record)
        except TrytonRefused as problem:
            raise Uncertain(f"the draft {record} of Tryton cannot be deleted: {problem.message}") from None


def comes_to(move: Record, decimals: int) -> int:
    """Sum of the debits, minor units."""
    return sum(amount_read(line["debit"], decimals) for line in move["lines"] or ())


def lines_by_account(move: Record, decimals: int) -> dict[str, int]:
    """Account code -> minor units, debit positive."""
    lines = move["lines"] or ()
    amounts = [(amount_read(line["debit"], decimals) - amount_read(line["credit"], decimals)) for line in lines]
    return dict(totals_of([(str(line["account"]["code"]), amount) for line, amount in zip(lines, amounts, strict=True)]))


def date_of(move: Record) -> str:
    """The day a move is booked on."""
    return date_read(move["date"]) or ""


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


def _somebody_was_posting(problem: CallFailed) -> bool:
    return isinstance(problem, NotSent) and "is posting just now" in str(problem)
