"""One entry of the stream against the rows of the ledger, column by column and type by type.

The rows that the writer would make of the record are made again and compared with the rows that are there: a type that the
ledger never writes is a difference (5.0 is not 5), another spelling of the same JSON too. Only rows that differ are looked at
closer, for words.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from sinks.bookkeeping.audit import RawEntry
from sinks.bookkeeping.rows import Row, document_row, entry_row, posting_rows
from sinks.ledger import StreamEntry
from sinks.verify.spelling import spell

ENTRY_COLUMNS = (
    "entry_no",
    "entry_id",
    "content_hash",
    "entry_kind",
    "part",
    "entry_seq",
    "tenant",
    "legal_entity",
    "order_key",
    "event_id",
    "event_type",
    "source",
    "channel",
    "occurred_at",
    "business_date",
    "posting_date",
    "late",
    "currency",
    "currency_exponent",
    "posting_count",
    "document_ref",
    "reverses",
    "rule",
    "policy_version",
    "memo",
    "stream_partition",
    "stream_offset",
    "booked_at",
    "chain_hash",
    "seal",
)
POSTING_COLUMNS = ("entry_no", "line", "account", "side", "amount", "book_amount", "dimensions")
DOCUMENT_COLUMNS = ("entry_no", "kind", "document_ref", "body")
STREAM_COLUMNS = slice(1, 27)
"""The columns of an entry that come from the stream; entry_no, booked_at, chain_hash and seal have checks of their own."""

DIFFERENCES_SPELLED_MAX = 8


def same_rows(found: RawEntry, sent: StreamEntry) -> bool:
    """Whether the rows are exactly those that the record gives."""
    entry_no = found.columns[0]
    entry, document = sent.hashed.entry, sent.hashed.entry.document
    documents = () if document is None else (document_row(entry_no, document),)
    return (
        _same(found.columns[STREAM_COLUMNS], entry_row(entry_no, sent, 0, "", "")[STREAM_COLUMNS])
        and len(found.postings) == len(entry.postings)
        and len(found.documents) == len(documents)
        and all(map(_same, found.postings, posting_rows(entry_no, entry)))
        and all(map(_same, found.documents, documents))
    )


def _same(found: Row, wanted: Row) -> bool:
    return found == wanted and list(map(type, found)) == list(map(type, wanted))


def differences(found: RawEntry, sent: StreamEntry) -> list[str]:
    """What differs, in words; at least one where `same_rows` says no."""
    entry_no = found.columns[0]
    entry, document = sent.hashed.entry, sent.hashed.entry.document
    wanted = entry_row(entry_no, sent, 0, "", "")
    said = list(_columns("", ENTRY_COLUMNS[STREAM_COLUMNS], found.columns[STREAM_COLUMNS], wanted[STREAM_COLUMNS]))
    legs = posting_rows(entry_no, entry)
    said += _lines("posting", POSTING_COLUMNS, found.postings, legs)
    said += _lines("document", DOCUMENT_COLUMNS, found.documents, [] if document is None else [document_row(entry_no, document)])
    more = len(said) - DIFFERENCES_SPELLED_MAX
    return said if more <= 0 else [*said[:DIFFERENCES_SPELLED_MAX], f"and {more} more"]


def imbalance(found: RawEntry) -> str | None:
    """Why the legs do not add up, in words; None where they do."""
    balance = 0
    for leg in found.postings:
        side, amount = leg[3], leg[4]
        if type(amount) is not int or amount <= 0 or side not in ("DEBIT", "CREDIT"):
            return f"a posting of {spell(side)} {spell(amount)} is none"
        balance += amount if side == "DEBIT" else -amount
    named = found.columns[19]
    if balance or len(found.postings) != named:
        return f"debits less credits = {balance}, {len(found.postings)} of {spell(named)} postings"
    return None


def _lines(table: str, names: Sequence[str], found: Sequence[Row], wanted: Sequence[Row]) -> Iterator[str]:
    for at, row in enumerate(wanted):
        place = f"{table} {at + 1} " if len(wanted) > 1 else f"{table} "
        if at >= len(found):
            yield f"{place}is gone"
        else:
            yield from _columns(place, names, found[at], row)
    for row in found[len(wanted) :]:
        yield f"a {table} was added: {', '.join(spell(value) for value in row[1:])}"


def _columns(place: str, names: Sequence[str], found: Row, wanted: Row) -> Iterator[str]:
    for name, ours, theirs in zip(names, found, wanted, strict=True):
        if ours == theirs and type(ours) is type(theirs):
            continue
        if name in ("body", "dimensions"):
            yield from _texts(f"{place}{name}", ours, theirs)
        else:
            yield f"{place}{name} is {spell(ours)}, not {spell(theirs)}"


def _texts(place: str, ours: Any, theirs: str) -> Iterator[str]:
    """JSON against JSON, down to the fields that differ."""
    try:
        found = orjson.loads(ours)
    except (ValueError, TypeError):
        yield f"{place} is no JSON text any more: {spell(ours)}"
        return
    said = list(_values(place, found, orjson.loads(theirs)))
    yield from said or [f"{place} is written otherwise: {spell(ours)}"]


def _values(place: str, ours: Any, theirs: Any) -> Iterator[str]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in theirs.keys() | ours.keys():
            if name not in ours:
                yield f"{place}.{name} is gone, was {spell(theirs[name])}"
            elif name not in theirs:
                yield f"{place}.{spell(name)} was added: {spell(ours[name])}"
            else:
                yield from _values(f"{place}.{name}", ours[name], theirs[name])
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _values(f"{place}[{at}]", one, other)
    elif ours != theirs or type(ours) is not type(theirs):
        yield f"{place} is {spell(ours)}, not {spell(theirs)}"
