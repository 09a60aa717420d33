"""Accounting moves of one company: read with their lines, and reduced to what is compared."""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sinks.connectors.odoo.books import Books
from sinks.connectors.odoo.client import PAGE_RECORDS, Domain, OdooClient, Record
from sinks.connectors.odoo.rendering import LINE, MOVE
from sinks.external.amounts import minor_units
from sinks.external.documents import LedgerDocument
from sinks.external.port import RemoteDocument, RemoteLine

POSTED: Final = "posted"
DRAFT: Final = "draft"
CANCELED: Final = "cancel"
_FIELDS: Final = ("name", "ref", "state", "date", "move_type", "posted_before", "write_date")
_KEY: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One move. lines: (number of the account, minor units of the company's currency, debit positive)."""

    record: int
    values: Record
    lines: tuple[tuple[int, int], ...]

    @property
    def state(self) -> str:
        """draft, posted or cancel."""
        return str(self.values["state"])

    @property
    def date(self) -> str:
        """The day it is booked on."""
        return str(self.values["date"])

    @property
    def number(self) -> str | None:
        """What people call it, once it was posted."""
        name = self.values["name"]
        return None if not name or name == "/" else str(name)

    @property
    def was_posted(self) -> bool:
        """Somebody has taken it back to a draft: it is not one that a call of ours left."""
        return bool(self.values["posted_before"])

    @property
    def total(self) -> int:
        """Its debits."""
        return sum(amount for _, amount in self.lines if amount > 0)

    def by_account(self) -> dict[int, int]:
        """Number of an account -> what is booked on it."""
        return _added(self.lines)


async def moves(client: OdooClient, books: Books, domain: Domain) -> list[Move]:
    """The moves that match (at most a page), the oldest first, with their lines."""
    found = await client.search(MOVE, [["company_id", "=", client.place.company], *domain], _FIELDS)
    if not found:
        return []
    exponent = (await books.company()).exponent
    lines: dict[int, list[tuple[int, int]]] = {int(one["id"]): [] for one in found}
    domain = [["move_id", "in", list(lines)], ["account_id", "!=", False]]
    for line in await client.all_of(LINE, domain, ["move_id", "account_id", "debit", "credit"]):
        amount = minor_units(line["debit"], exponent) - minor_units(line["credit"], exponent)
        lines[int(line["move_id"][0])].append((int(line["account_id"][0]), amount))
    return [Move(record=int(one["id"]), values=one, lines=tuple(lines[int(one["id"])])) for one in found]


def is_whole(move: Move, document: LedgerDocument, accounts: Mapping[str, Any]) -> bool:
    """Whether a draft is the whole document, so that it can be posted."""
    told = [(int(accounts[line.account]["id"]), line.amount) for line in document.lines if line.account in accounts]
    return len(told) == len(document.lines) and move.date == document.date and move.by_account() == _added(told)


async def listed(client: OdooClient, books: Books, first: str, last: str) -> AsyncIterator[RemoteDocument]:
    """All moves that were posted, dated in these days; those that somebody has canceled are voided."""
    codes = {int(record["id"]): code for code, record in (await books.accounts()).items()}
    currency = (await books.company()).currency
    after = 0
    while True:
        days = [["date", ">=", first], ["date", "<=", last], ["state", "in", [POSTED, CANCELED]], ["id", ">", after]]
        page = await moves(client, books, days)
        for move in page:
            yield _remote_document(move, codes, currency)
        if len(page) < PAGE_RECORDS:
            return
        after = page[-1].record


def _remote_document(move: Move, codes: Mapping[int, str], currency: str) -> RemoteDocument:
    ref, is_entry = str(move.values["ref"] or ""), move.values["move_type"] == "entry"
    changed_at = str(move.values["write_date"] or "")
    return RemoteDocument(
        remote_id=str(move.record),
        key=ref if is_entry and _KEY.fullmatch(ref) else None,
        kind="journal" if is_entry else str(move.values["move_type"]),
        reference=ref,
        date=move.date,
        currency=currency,
        total=move.total,
        lines=tuple(
            RemoteLine(account=codes.get(account, f"account {account}"), amount=amount) for account, amount in move.by_account().items()
        ),
        number=move.number,
        voided=move.state == CANCELED,
        changed_at=f"{changed_at.replace(' ', 'T')}Z" if changed_at else None,
    )


def _added(lines: Sequence[tuple[int, int]]) -> dict[int, int]:
    added: dict[int, int] = {}
    for account, amount in lines:
        added[account] = added.get(account, 0) + amount
    return {account: amount for account, amount in added.items() if amount}
