"""Journal entries: content hash, Avro codec, JSON form."""

from dataclasses import dataclass
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final

import orjson

from asiento.accounting.journal import Document, DocumentLine, DocumentTax, DocumentTotals, JournalEntry, Posting
from schemas import json_twin
from schemas.framed_values import frame_object_with
from schemas.kept import Kept
from schemas.output_codec import ITEMS_MAX, DecodeError, decode_output, output_record
from schemas.refusal import InvalidEvent
from schemas.value_fields import avro_values

RECORD = "JournalEntry"

_CONTENT: Final = ("entry_id", "legal_entity", "order_key", "event_id", "business_date", "currency", "postings")
_content_of: Final = itemgetter(*_CONTENT)


class AlteredEntry(ValueError):
    """An entry does not match the content hash it was sent with."""


_MAPS = Kept[tuple[tuple[str, str], ...], dict[str, str]](lambda pairs: dict(sorted(pairs)), items_max=2_048, length_max=8)


@dataclass(frozen=True, slots=True)
class HashedEntry:
    """An entry and the content hash it was sent with (64 hex digits); the hash is not checked here."""

    entry: JournalEntry
    content_hash: str


def content_hash(entry: JournalEntry) -> str:
    """SHA-256 (64 hex digits) over what must never change under one entry_id, as canonical JSON.

    That is entry_id, legal_entity, order_key, event_id, business_date, currency, postings, the amounts of the document
    and what it reverses; not entry_seq, document_ref, posting_date, late, rule, policy_version, memo.
    """
    content: dict[str, Any] = {"business_date": entry.business_date, "currency": entry.currency}
    if entry.document is not None:
        content["document"] = _document_amounts(entry.document)
    content["entry_id"] = entry.entry_id
    content["event_id"] = entry.event_id
    content["legal_entity"] = entry.legal_entity
    content["order_key"] = entry.order_key
    content["postings"] = [
        {"account": posting.account, "amount": posting.amount, "dimensions": _MAPS[posting.dimensions], "side": posting.side}
        if posting.book_amount is None
        else _posting_with_book_amount(posting)
        for posting in entry.postings
    ]
    if entry.reverses is not None:
        content["reverses"] = entry.reverses
    return sha256(orjson.dumps(content)).hexdigest()  # names stand in their order


def _posting_with_book_amount(posting: Posting) -> dict[str, Any]:
    return {
        "account": posting.account,
        "amount": posting.amount,
        "book_amount": posting.book_amount,
        "dimensions": _MAPS[posting.dimensions],
        "side": posting.side,
    }


def _document_amounts(document: Document) -> dict[str, Any]:
    totals = document.totals
    return {
        "lines": [{"discount": line.discount, "net": line.net, "taxes": [tax.amount for tax in line.taxes]} for line in document.lines],
        "totals": {"gross": totals.gross, "net": totals.net, "tax": totals.tax},
    }


def encode_entry(entry: JournalEntry) -> bytes:
    """The framed Avro value of an entry, its content hash included."""
    return frame_object_with(RECORD, entry, "content_hash", content_hash(entry))


def decode_entry(value: bytes | None) -> HashedEntry:
    """The entry of a framed Avro value and the hash in it, which is not computed again; raises `DecodeError`."""
    return _build(decode_output(RECORD, value))


def open_entry(value: bytes | None) -> dict[str, Any]:
    """The avro values of a framed entry, proven to be balanced and to match the content hash among them.

    For whoever needs fields and not a `JournalEntry`. Raises `DecodeError`, `AlteredEntry`.
    """
    values = decode_output(RECORD, value)
    _require_balance(values)
    content: dict[str, Any] = dict(zip(_CONTENT, _content_of(values), strict=True))
    if "reverses" in values:
        content["reverses"] = values["reverses"]
    if "document" in values:
        content["document"] = _amounts_of(values["document"])
    if sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest() != values["content_hash"]:
        raise AlteredEntry(f"entry {values['entry_id']} does not match its content hash: it was altered")
    return values


def _require_balance(values: dict[str, Any]) -> None:
    """What creating a `JournalEntry` checks."""
    balance = 0
    for posting in values["postings"]:
        amount = posting["amount"]
        if amount <= 0:
            raise DecodeError(f"{RECORD}: entry {values['entry_id']}: posting to {posting['account']} is not positive")
        balance += amount if posting["side"] == "DEBIT" else -amount
    if balance or not values["postings"]:
        raise DecodeError(f"{RECORD}: entry {values['entry_id']}: debits less credits = {balance}")


def _amounts_of(document: dict[str, Any]) -> dict[str, Any]:
    """`_document_amounts` of avro values."""
    lines = [
        {"net": line["net"], "discount": line["discount"], "taxes": [tax["amount"] for tax in line["taxes"]]} for line in document["lines"]
    ]
    return {"lines": lines, "totals": document["totals"]}


def entry_to_json(entry: JournalEntry) -> dict[str, Any]:
    """All fields of an entry, content_hash included; times RFC 3339, quantities as decimals, absent fields left out."""
    values = avro_values(entry)
    values["content_hash"] = content_hash(entry)
    return json_twin.write_object(output_record(RECORD), values)


def entry_from_json(obj: Any) -> HashedEntry:
    """The entry of `entry_to_json` and the hash in it; raises `DecodeError`."""
    try:
        return _build(json_twin.read_object(output_record(RECORD), obj, items_max=ITEMS_MAX))
    except InvalidEvent as problem:
        raise DecodeError(f"{RECORD}: {problem}") from None


def _build(values: dict[str, Any]) -> HashedEntry:
    stated = values.pop("content_hash")
    values["postings"] = tuple(_posting(posting) for posting in values["postings"])
    values["document"] = _document(values["document"]) if "document" in values else None
    values.setdefault("reverses", None)
    try:
        return HashedEntry(JournalEntry(**values), stated)
    except ValueError as problem:
        raise DecodeError(f"{RECORD}: {problem}") from None


def _posting(values: dict[str, Any]) -> Posting:
    values["dimensions"] = tuple(sorted(values["dimensions"].items()))
    return Posting(**values)


def _document(values: dict[str, Any]) -> Document:
    values["lines"] = tuple(_document_line(line) for line in values["lines"])
    values["refers_to"] = tuple(values["refers_to"])
    values["totals"] = DocumentTotals(**values["totals"])
    values["fiscal"] = tuple(sorted(values["fiscal"].items()))
    return Document(**values)


def _document_line(values: dict[str, Any]) -> DocumentLine:
    values["taxes"] = tuple(DocumentTax(**tax) for tax in values["taxes"])
    return DocumentLine(**values)
