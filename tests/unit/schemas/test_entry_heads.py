"""The beginning of an entry's record says what the whole record says, and refuses what is no entry."""

import pytest

from asiento.accounting.journal import JournalEntry
from schemas.entries import decode_entry, encode_entry
from schemas.entry_heads import decode_entry_head
from schemas.output_codec import DecodeError
from tests.unit.sinks.journal import capture, invoice

VALUE = encode_entry(invoice())


@pytest.mark.parametrize("entry", [invoice(), capture(7, amount=1), invoice(2**31, amount=10**17)], ids=["invoice", "capture", "large"])
def test_the_head_is_that_of_the_whole_entry(entry: JournalEntry) -> None:
    value = encode_entry(entry)
    whole, head = decode_entry(value).entry, decode_entry_head(value)
    for name in ("entry_id", "entry_kind", "part", "order_key", "event_id", "legal_entity", "posting_date", "currency"):
        assert head[name] == getattr(whole, name)
    legs = [(leg["account"], leg["side"], leg["amount"]) for leg in head["postings"]]
    assert legs == [(leg.account, leg.side, leg.amount) for leg in whole.postings]
    assert "document" not in head


@pytest.mark.parametrize(
    "value",
    [None, b"", b"\x01\0\0\0\0", b"\0\xff\xff\xff\xff" + VALUE[5:], VALUE[:40], VALUE[:5] + b"\x48\xff" + VALUE[7:]],
    ids=["none", "empty", "no frame", "unknown schema", "cut", "no text"],
)
def test_what_is_no_entry_is_refused(value: bytes | None) -> None:
    with pytest.raises(DecodeError, match="JournalEntry"):
        decode_entry_head(value)
