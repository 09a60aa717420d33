"""Reads the books back: posted moves with their lines, and balances of accounts."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from sinks.connectors.tryton.chart import Company
from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.drafts import MOVE_FIELDS, content_of, record_of, remote_id
from sinks.connectors.tryton.rendering import INVOICE, MOVE, key_in
from sinks.connectors.tryton.values import Record, amount_read, date_value
from sinks.external.documents import DocumentKind
from sinks.external.port import RemoteDocument, RemoteLine

PAGE_MOVES_MAX: Final = 200


async def balances(client: TrytonClient, company: Company, as_of: str) -> Mapping[tuple[str, str], int]:
    """(account code, currency of the books) -> posted debits less credits up to a day, since ever: closings of years included."""
    context = {"company": company.record, "posted": True, "to_date": date_value(as_of)}
    domain = [["company", "=", company.record], ["closed", "!=", True], ["type", "!=", None]]
    found: dict[tuple[str, str], int] = {}
    for account in await client.search("account.account", domain, ["code", "debit", "credit"], context=context):
        amount = amount_read(account["debit"], company.decimals) - amount_read(account["credit"], company.decimals)
        place = (str(account["code"]), company.currency)
        if amount:
            found[place] = found.get(place, 0) + amount
    return found


async def moves(client: TrytonClient, company: Company, first: str, last: str) -> AsyncIterator[RemoteDocument]:
    """All posted moves of these days. What people book or cancel there has no key: a posted move cannot be changed in Tryton."""
    seen = 0
    days = [["date", ">=", date_value(first)], ["date", "<=", date_value(last)], ["state", "=", "posted"]]
    while True:
        domain = [["company", "=", company.record], *days, ["id", ">", seen]]
        page = await client.search(MOVE, domain, [*MOVE_FIELDS, "origin"], order=[["id", "ASC"]], limit=PAGE_MOVES_MAX)
        if not page:
            return
        invoices = await _invoices(client, page)
        for move in page:
            yield _document(move, invoices, company)
        seen = int(page[-1]["id"])


async def _invoices(client: TrytonClient, page: list[Record]) -> Mapping[int, Record]:
    """The invoices that the moves of a page are of."""
    numbers = {number for move in page if (number := record_of(move["origin"], INVOICE)) is not None}
    if not numbers:
        return {}
    fields = ["number", "description", "move", "total_amount"]
    return {int(one["id"]): one for one in await client.search(INVOICE, [["id", "in", sorted(numbers)]], fields)}


def _document(move: Record, invoices: Mapping[int, Record], company: Company) -> RemoteDocument:
    """One move, or the invoice whose move it is; the move that cancels an invoice is by itself."""
    invoice = invoices.get(record_of(move["origin"], INVOICE) or 0)
    if invoice is not None and invoice["move"] != move["id"]:
        invoice = None
    told = move if invoice is None else invoice
    kind, key, text = key_in(told["description"])
    content = content_of(MOVE, move, company.decimals)
    return RemoteDocument(
        remote_id=remote_id(MOVE if invoice is None else INVOICE, int(told["id"])),
        key=key,
        kind=kind or DocumentKind.JOURNAL,
        reference=text,
        date=content.date,
        currency=company.currency,
        total=content.total if invoice is None else abs(amount_read(invoice["total_amount"], company.decimals)),
        lines=tuple(RemoteLine(account=code, amount=amount) for code, amount in content.lines.items()),
        number=told["number"] or None,
    )
