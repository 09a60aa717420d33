"""Journal entries: what the hash covers, and that nothing is lost in the codec."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asiento.accounting.journal import JournalEntry, Posting
from schemas.avro_pieces import UnwritableValue
from schemas.entries import content_hash, decode_entry, encode_entry, entry_from_json, entry_to_json
from schemas.output_codec import DecodeError
from tests.unit.schemas.examples import EVENT_ID, INVOICE, OTHER_ID
from tests.unit.schemas.strategies import idents

REVERSAL = replace(INVOICE, entry_kind="reversal", part=EVENT_ID, reverses=EVENT_ID, document=None)


def balanced(account: str, other: str, amount: int, dimensions: dict[str, str]) -> tuple[Posting, ...]:
    named = tuple(sorted(dimensions.items()))
    return (
        Posting(account=account, side="DEBIT", amount=amount, dimensions=named, book_amount=amount + 1),
        Posting(account=other, side="CREDIT", amount=amount),
    )


entries = st.builds(
    lambda entry, postings, changes: replace(entry, postings=postings, **changes),
    st.sampled_from([INVOICE, REVERSAL]),
    st.builds(balanced, idents, idents, st.integers(1, 2**63 - 2), st.dictionaries(idents, idents, max_size=4)),
    st.fixed_dictionaries(
        {
            "entry_seq": st.integers(1, 2**40),
            "occurred_at": st.integers(0, 7_000_000_000_000_000),
            "late": st.booleans(),
            "memo": st.just("") | idents,
            "currency_exponent": st.integers(0, 4),
        }
    ),
)


@settings(max_examples=100, deadline=None)
@given(entries)
def test_an_entry_survives_avro_and_json(entry: JournalEntry) -> None:
    decoded = decode_entry(encode_entry(entry))
    assert decoded.entry == entry
    assert decoded.content_hash == content_hash(entry) == content_hash(decoded.entry)
    assert entry_from_json(entry_to_json(entry)) == decoded


def test_json_is_for_people() -> None:
    shown = entry_to_json(INVOICE)
    assert shown["occurred_at"] == "2026-01-05T09:39:59.000001Z"
    assert shown["document"]["lines"][0]["quantity"] == "2.5"
    assert shown["postings"][0] == {
        "account": "accounts_receivable",
        "side": "DEBIT",
        "amount": 1210,
        "dimensions": {"channel": "web", "store": "centro"},
    }
    assert shown["content_hash"] == content_hash(INVOICE)
    assert "reverses" not in shown


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("entry_seq", 9),
        ("posting_date", "2026-02-01"),
        ("late", True),
        ("rule", "other"),
        ("policy_version", 2),
        ("memo", "other"),
        ("channel", "other"),
    ],
)
def test_the_hash_does_not_cover(name: str, other: Any) -> None:
    assert content_hash(replace(INVOICE, **{name: other})) == content_hash(INVOICE)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("entry_id", OTHER_ID),
        ("legal_entity", "other"),
        ("order_key", "other"),
        ("event_id", EVENT_ID),
        ("business_date", "2026-01-06"),
        ("currency", "USD"),
        ("reverses", OTHER_ID),
        ("document", None),
        ("postings", tuple(replace(posting, amount=posting.amount * 2) for posting in INVOICE.postings)),
        ("postings", tuple(replace(posting, account=posting.account + "x") for posting in INVOICE.postings)),
        ("postings", tuple(replace(posting, dimensions=()) for posting in INVOICE.postings)),
        ("postings", tuple(replace(posting, book_amount=1) for posting in INVOICE.postings)),
    ],
)
def test_the_hash_covers(name: str, other: Any) -> None:
    assert content_hash(replace(INVOICE, **{name: other})) != content_hash(INVOICE)


def test_of_the_document_the_hash_covers_the_amounts() -> None:
    document = INVOICE.document
    assert document is not None
    (line,) = document.lines
    same = replace(document, document_ref="other", customer_ref=None, due_date=None, fiscal=(), lines=(replace(line, description="other"),))
    assert content_hash(replace(INVOICE, document=same)) == content_hash(INVOICE)
    tax = replace(line.taxes[0], amount=211)
    for other in (
        replace(document, totals=replace(document.totals, gross=1211)),
        replace(document, lines=(replace(line, net=1001),)),
        replace(document, lines=(replace(line, discount=1),)),
        replace(document, lines=(replace(line, taxes=(tax,)),)),
    ):
        assert content_hash(replace(INVOICE, document=other)) != content_hash(INVOICE)


def test_the_bytes_that_are_hashed() -> None:
    """Worked with the standard library."""
    content = {
        "entry_id": EVENT_ID,
        "legal_entity": "ACME-1",
        "order_key": "acme:shopify:main:1001",
        "event_id": OTHER_ID,
        "business_date": "2026-01-05",
        "currency": "EUR",
        "postings": [
            {"account": "accounts_receivable", "side": "DEBIT", "amount": 1210, "dimensions": {"channel": "web", "store": "centro"}},
            {"account": "revenue:sales", "side": "CREDIT", "amount": 1000, "dimensions": {"category": "sales", "channel": "web"}},
            {"account": "tax_payable:ES:VAT", "side": "CREDIT", "amount": 210, "dimensions": {"tax_code": "IVA", "tax_rate": "0.21"}},
        ],
        "document": {"lines": [{"net": 1000, "discount": 0, "taxes": [210]}], "totals": {"net": 1000, "tax": 210, "gross": 1210}},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert content_hash(INVOICE) == hashlib.sha256(text.encode()).hexdigest()


VALUE = encode_entry(INVOICE)


@pytest.mark.parametrize(
    "value",
    [None, b"", b"\x00\x00", b"\x01" + VALUE[1:], b"\x00\x00\x00\x00\x01" + VALUE[5:], VALUE[:-1], VALUE + b"\x00"],
)
def test_what_is_no_entry(value: bytes | None) -> None:
    with pytest.raises(DecodeError):
        decode_entry(value)


def test_an_unbalanced_entry_on_the_topic_is_no_entry() -> None:
    altered = VALUE.replace(b"\x02\xf4\x12", b"\x02\xf6\x12", 1)
    assert altered != VALUE
    with pytest.raises(DecodeError, match="debits less credits"):
        decode_entry(altered)


def test_a_number_beyond_64_bits_is_an_error_and_not_another_number() -> None:
    with pytest.raises(UnwritableValue):
        encode_entry(replace(INVOICE, postings=balanced("a", "b", 2**63, {})))
