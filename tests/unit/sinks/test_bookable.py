"""Rows made straight from a record are those that are made of its entry, and a record is proven in the same words."""

from dataclasses import replace

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.journal import JournalEntry, Posting
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.entries import HashedEntry, content_hash, encode_entry, open_entry
from schemas.events import parse_event_json
from schemas.framed_values import frame_values
from schemas.output_codec import DecodeError
from schemas.refusal import Refusal
from sinks.bookkeeping.bookable import bookable
from sinks.bookkeeping.rows import document_row, entry_row, posting_rows
from sinks.delivery import bookable_of, entry_of
from sinks.entry_stream import Record, StreamBroken
from sinks.ledger import StreamEntry
from sources.synthetic.arrivals import json_line
from sources.synthetic.day import trading_day
from tests.unit.sinks.journal import capture, invoice


def entries_of_a_day() -> list[JournalEntry]:
    states: dict[str, OrderState | None] = {}
    found: list[JournalEntry] = []
    for values in trading_day(5, 60).events:
        event = parse_event_json(json_line(values))
        if not isinstance(event, Refusal):
            decision = decide(event, states.get(event.order_key), DEFAULT_POLICIES)
            states[event.order_key] = decision.state or states.get(event.order_key)
            found += decision.entries
    return found


def unusual() -> list[JournalEntry]:
    """Every optional field, texts that JSON escapes, dimensions and fiscal texts beyond ASCII."""
    whole = invoice(1)
    assert whole.document is not None
    line = replace(whole.document.lines[0], description='a "mug"\n', sku=None, line_id=None, unit_price=None, taxes=())
    document = replace(
        whole.document,
        refers_to=("invoice-1", "é"),
        customer_ref="c\\1",
        due_date="2025-07-01",
        lines=(*whole.document.lines, line),
        fiscal=(("z", "1"), ("é", "2"), ("😀", "3")),
    )
    book = Posting(account="fx", side="DEBIT", amount=11_600, book_amount=700, dimensions=(("a", "é"), ("b", "\x00"), ("ä", "")))
    return [
        replace(whole, document=document, reverses=capture(2).entry_id, late=True),
        replace(capture(3), postings=(book, *capture(3).postings[1:])),
    ]


def test_rows_are_those_of_the_entry() -> None:
    entries = [*entries_of_a_day(), *unusual()]
    assert {entry.entry_kind for entry in entries} >= {"invoice", "capture", "credit_note"}
    for offset, entry in enumerate(entries):
        value = encode_entry(entry)
        stated = content_hash(entry)
        found = bookable(3, offset, value)
        assert (found.entry_id, found.content_hash) == (entry.entry_id, stated)
        sent = StreamEntry(partition=3, offset=offset, hashed=HashedEntry(entry, stated), value=value)
        assert (7, *found.columns, 9, "link", "seal") == entry_row(7, sent, 9, "link", "seal")
        assert [(7, *leg) for leg in found.legs] == posting_rows(7, entry)
        documents = [] if entry.document is None else [document_row(7, entry.document)]
        assert ([] if found.document is None else [(7, *found.document)]) == documents


def test_an_entry_that_is_not_balanced_is_none() -> None:
    values = open_entry(encode_entry(capture()))
    for changed in ({"amount": 1}, {"amount": 0}, {"amount": -11_600}):
        legs = [values["postings"][0] | changed, values["postings"][1]]
        with pytest.raises(DecodeError, match=r"debits less credits|is not positive"):
            bookable(0, 0, frame_values("JournalEntry", values | {"postings": legs}))
    with pytest.raises(DecodeError, match="credits = 0"):
        bookable(0, 0, frame_values("JournalEntry", values | {"postings": []}))


def record(value: bytes | None, key: bytes = b"t1:shopify:mx:1") -> Record:
    return Record(0, 4, 0, key, value)


@pytest.mark.parametrize("field", ["memo", "entry_id", "postings", "document", "reverses"])
def test_what_the_hash_covers_is_proven_and_told_in_the_same_words(field: str) -> None:
    values = open_entry(encode_entry(invoice()))
    document = values["document"] | {"totals": {"net": 1, "tax": 1, "gross": 2}}
    legs = [leg | {"dimensions": {"a": "b"}} for leg in values["postings"]]
    changed = {"memo": "x", "entry_id": "x", "postings": legs, "document": document, "reverses": "x"}
    altered = record(frame_values("JournalEntry", values | {field: changed[field]}))
    if field == "memo":
        assert bookable_of(altered).columns[23] == "x"
        return
    said = []
    for proven in (bookable_of, entry_of):
        with pytest.raises(StreamBroken, match="does not match its content hash: it was altered") as refused:
            proven(altered)
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.mark.parametrize("found", [record(None), record(b"x"), record(encode_entry(capture()), b"another")])
def test_a_record_that_is_no_entry_of_its_key_is_refused_in_the_same_words(found: Record) -> None:
    said = []
    for proven in (bookable_of, entry_of):
        with pytest.raises(StreamBroken) as refused:
            proven(found)
        said.append(str(refused.value))
    assert said[0] == said[1]
