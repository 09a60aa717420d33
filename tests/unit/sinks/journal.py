"""Entries for sink tests: small, balanced, recognisable by their number."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from asiento.accounting.journal import Document, DocumentLine, DocumentTax, DocumentTotals, JournalEntry, Posting
from schemas.entries import HashedEntry, content_hash, encode_entry
from sinks.bookkeeping.bookable import bookable
from sinks.ledger import Batch, OffsetRange, StreamIdentity

STREAM = StreamIdentity(cluster_id="cluster-a", topic="accounting.entries.v1", topic_id="AAAAAAAAAAAAAAAAAAAAAA")
BOOKED_AT = 1_750_000_000_000_000


def invoice(number: int = 1, *, amount: int = 11_600, currency: str = "MXN", exponent: int = 2) -> JournalEntry:
    """An invoice of `amount` minor units, 16 % tax included, with its document."""
    tax = amount * 16 // 116
    net = amount - tax
    vat = DocumentTax(jurisdiction="MX", type="VAT", code="IVA", rate="0.16", amount=tax, liable_party="SELLER")
    line = DocumentLine(quantity=2_000_000, net=net, discount=0, taxes=(vat,), line_id="1", sku="mug", unit_price="50.00")
    document = Document(
        kind="INVOICE",
        document_ref=f"invoice-t1-shopify:mx-{number}-1",
        refers_to=(),
        lines=(line,),
        totals=DocumentTotals(net=net, tax=tax, gross=amount),
        fiscal=(("rfc", "XAXX010101000"),),
    )
    return JournalEntry(
        entry_id=str(UUID(int=number)),
        entry_kind="invoice",
        part="",
        entry_seq=2,
        tenant="t1",
        legal_entity="MX01",
        order_key=f"t1:shopify:mx:{number}",
        event_id=str(UUID(int=number + 2**64)),
        event_type="ShipmentDispatched",
        source="shopify:mx",
        channel="web",
        occurred_at=BOOKED_AT - 60_000_000,
        business_date="2025-06-15",
        posting_date="2025-06-15",
        late=False,
        currency=currency,
        currency_exponent=exponent,
        postings=(
            Posting(account="accounts_receivable", side="DEBIT", amount=amount, dimensions=(("channel", "web"),)),
            Posting(account="revenue:sales", side="CREDIT", amount=net, dimensions=(("category", "sales"), ("channel", "web"))),
            Posting(account="tax_payable:MX:VAT", side="CREDIT", amount=tax),
        ),
        document=document,
        reverses=None,
        rule="invoice",
        policy_version=1,
        memo="2 of 2 mug",
    )


def capture(number: int = 1, *, amount: int = 11_600) -> JournalEntry:
    """Money received; no document."""
    return replace(
        invoice(number),
        entry_id=str(UUID(int=number + 2**32)),
        entry_kind="capture",
        event_type="PaymentCaptured",
        entry_seq=1,
        postings=(
            Posting(account="psp_clearing:stripe", side="DEBIT", amount=amount),
            Posting(account="contract_liability", side="CREDIT", amount=amount),
        ),
        document=None,
        rule="capture",
        memo="paid by card",
    )


def hashed(entry: JournalEntry) -> HashedEntry:
    """The entry with its right hash."""
    return HashedEntry(entry=entry, content_hash=content_hash(entry))


def batch(entries: Iterable[JournalEntry], *, partition: int = 0, start: int = 0, controls: int = 0) -> Batch:
    """The entries one after another from `start` on, then so many control records."""
    found = tuple(bookable(partition, start + at, encode_entry(entry)) for at, entry in enumerate(entries))
    end = start + len(found) + controls
    return Batch(ranges=(OffsetRange(partition=partition, start=start, end=end),), entries=found)
