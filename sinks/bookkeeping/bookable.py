"""Records of the entries topic as the rows of a ledger, straight from their Avro values.

`sinks.bookkeeping.rows` makes the same rows of a `JournalEntry`; `asiento verify` compares the ledger with those, and a test the two.
"""

from operator import itemgetter
from typing import Any, Final

import orjson

from schemas.entries import open_entry
from sinks.ledger import BookableEntry

_leading: Final = itemgetter(
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
)
ORDER_KEY: Final = 7
"""Place of the order key among the columns."""


def bookable(partition: int, offset: int, value: bytes) -> BookableEntry:
    """The entry in the value of a record, proven to be balanced and unaltered; raises `DecodeError`, `AlteredEntry`."""
    values = open_entry(value)
    postings, document = values["postings"], values.get("document")
    columns = (
        *_leading(values),
        1 if values["late"] else 0,
        values["currency"],
        values["currency_exponent"],
        len(postings),
        document["document_ref"] if document else None,
        values.get("reverses"),
        values["rule"],
        values["policy_version"],
        values["memo"],
        partition,
        offset,
    )
    legs = [_leg(line, posting) for line, posting in enumerate(postings, start=1)]
    told = None if document is None else (document["kind"], document["document_ref"], _body(document))
    return BookableEntry(partition, offset, value, columns[0], columns[1], columns, legs, told)


def _leg(line: int, posting: dict[str, Any]) -> tuple[Any, ...]:
    return (line, posting["account"], posting["side"], posting["amount"], posting.get("book_amount"), _sorted_text(posting["dimensions"]))


def _sorted_text(names: dict[str, str]) -> str:
    return orjson.dumps(names, option=orjson.OPT_SORT_KEYS).decode() if names else "{}"


def _body(document: dict[str, Any]) -> str:
    body = {
        "kind": document["kind"],
        "document_ref": document["document_ref"],
        "refers_to": document["refers_to"],
        "customer_ref": document.get("customer_ref"),
        "due_date": document.get("due_date"),
        "lines": [_line(line) for line in document["lines"]],
        "totals": document["totals"],
        "fiscal": dict(sorted(document["fiscal"].items())),
    }
    return orjson.dumps(body).decode()


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "quantity": line["quantity"],
        "net": line["net"],
        "discount": line["discount"],
        "taxes": line["taxes"],
        "line_id": line.get("line_id"),
        "sku": line.get("sku"),
        "description": line.get("description"),
        "unit_price": line.get("unit_price"),
    }
