"""Entries as rows and back: the one place that knows the order of the columns."""

from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from asiento.accounting.journal import Document, DocumentLine, DocumentTax, DocumentTotals, JournalEntry, Posting
from schemas.entries import HashedEntry, entry_to_json
from sinks.chain import ChainHead, seal
from sinks.ledger import StreamEntry, StreamIdentity

Row: TypeAlias = tuple[Any, ...]

DIMENSIONS_KEPT_MAX = 4_096
"""Sets of dimensions whose text is remembered: a handful of channels, categories and tax codes make nearly all of them."""


def entry_row(entry_no: int, found: StreamEntry, booked_at: int, link: str, own_seal: str) -> Row:
    """The values of insert_entry.sql; `booked_at` in UTC microseconds, `link` of the hash chain and its seal as 64 hex digits."""
    entry = found.hashed.entry
    return (
        entry_no,
        entry.entry_id,
        found.hashed.content_hash,
        entry.entry_kind,
        entry.part,
        entry.entry_seq,
        entry.tenant,
        entry.legal_entity,
        entry.order_key,
        entry.event_id,
        entry.event_type,
        entry.source,
        entry.channel,
        entry.occurred_at,
        entry.business_date,
        entry.posting_date,
        int(entry.late),
        entry.currency,
        entry.currency_exponent,
        len(entry.postings),
        entry.document.document_ref if entry.document else None,
        entry.reverses,
        entry.rule,
        entry.policy_version,
        entry.memo,
        found.partition,
        found.offset,
        booked_at,
        link,
        own_seal,
    )


def posting_rows(entry_no: int, entry: JournalEntry) -> list[Row]:
    """The values of insert_posting.sql, line 1 first."""
    return [
        (entry_no, line, leg.account, leg.side, leg.amount, leg.book_amount, _dimensions_text(leg.dimensions))
        for line, leg in enumerate(entry.postings, start=1)
    ]


@lru_cache(maxsize=DIMENSIONS_KEPT_MAX)
def _dimensions_text(dimensions: tuple[tuple[str, str], ...]) -> str:
    return orjson.dumps(dict(dimensions)).decode()


@lru_cache(maxsize=DIMENSIONS_KEPT_MAX)
def _dimensions_of(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(orjson.loads(text).items()))


def document_row(entry_no: int, document: Document) -> Row:
    """The values of insert_document.sql."""
    body = {
        "kind": document.kind,
        "document_ref": document.document_ref,
        "refers_to": document.refers_to,
        "customer_ref": document.customer_ref,
        "due_date": document.due_date,
        "lines": document.lines,
        "totals": document.totals,
        "fiscal": dict(document.fiscal),
    }
    return (entry_no, document.kind, document.document_ref, orjson.dumps(body).decode())


def conflict_row(place: tuple[int, int], found: HashedEntry, booked_hash: str, seen_at: int, numbers: tuple[int, int]) -> Row:
    """The values of insert_conflict.sql.

    place: partition and offset. booked_hash: that of the entry booked under the id. numbers: of the conflict, and of the entry before it.
    """
    conflict_no, after_entry_no = numbers
    whole = orjson.dumps(entry_to_json(found.entry)).decode()
    values = (conflict_no, found.entry.entry_id, booked_hash, found.content_hash, whole, *place, seen_at, after_entry_no)
    return (*values, seal(*values))


def offset_row(stream: StreamIdentity, partition: int, next_offset: int, head: ChainHead) -> Row:
    """The values of insert_offset.sql."""
    values = (stream.cluster_id, stream.topic, stream.topic_id, partition, next_offset, head.length, head.link)
    return (*values, seal(*values))


def cursor_seal(entry_seal: str, entry_no: int, conflict_no: int) -> str:
    """Seal of the acks' cursor: it holds the seal of the entry the cursor stands on (`START` before the first)."""
    return seal(entry_seal, entry_no, conflict_no)


def posting_from_row(account: str, side: Any, amount: int, book_amount: int | None, dimensions: str) -> Posting:
    """One leg as it was booked."""
    return Posting(account=account, side=side, amount=amount, book_amount=book_amount, dimensions=_dimensions_of(dimensions))


def document_from_body(body: str) -> Document:
    """The document as it was booked; raises KeyError, TypeError, ValueError or AttributeError where the body was damaged."""
    fields = orjson.loads(body)
    lines = tuple(DocumentLine(**{**line, "taxes": tuple(DocumentTax(**tax) for tax in line["taxes"])}) for line in fields["lines"])
    changed = {
        "lines": lines,
        "totals": DocumentTotals(**fields["totals"]),
        "refers_to": tuple(fields["refers_to"]),
        "fiscal": tuple(sorted(fields["fiscal"].items())),
    }
    return Document(**{**fields, **changed})
