"""Postings as CSV (RFC 4180): one row per posting, amounts as decimal text."""

import csv
import io
from collections.abc import Iterable, Iterator

from asiento.accounting.journal import JournalEntry, Posting
from asiento.accounting.money import major_units_text
from schemas.entries import HashedEntry

COLUMNS = (
    "entry_id",
    "entry_kind",
    "part",
    "entry_seq",
    "posting_date",
    "business_date",
    "tenant",
    "legal_entity",
    "order_key",
    "event_id",
    "event_type",
    "channel",
    "account",
    "debit",
    "credit",
    "currency",
    "dimensions",
    "document_kind",
    "document_ref",
    "reverses",
    "memo",
    "content_hash",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_csv(entries: Iterable[HashedEntry]) -> Iterator[str]:
    """The header row, then the rows of each entry."""
    yield _rows([COLUMNS])
    for hashed in entries:
        yield _rows([_row(hashed.entry, posting, hashed.content_hash) for posting in hashed.entry.postings])


def _row(entry: JournalEntry, posting: Posting, content_hash: str) -> tuple[str, ...]:
    amount = major_units_text(posting.amount, entry.currency_exponent)
    document = entry.document
    return (
        entry.entry_id,
        entry.entry_kind,
        _inert(entry.part),
        str(entry.entry_seq),
        entry.posting_date,
        entry.business_date,
        _inert(entry.tenant),
        _inert(entry.legal_entity),
        _inert(entry.order_key),
        entry.event_id,
        entry.event_type,
        _inert(entry.channel),
        _inert(posting.account),
        amount if posting.side == "DEBIT" else "",
        amount if posting.side == "CREDIT" else "",
        entry.currency,
        _inert("; ".join(f"{name}={value}" for name, value in posting.dimensions)),
        document.kind if document else "",
        _inert(document.document_ref) if document else "",
        entry.reverses or "",
        _inert(entry.memo),
        content_hash,
    )


def _inert(text: str) -> str:
    """An apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
