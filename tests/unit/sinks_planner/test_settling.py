"""Credit notes settle what is open on invoices when their event is over."""

from dataclasses import replace

from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine
from sinks.planner.picture import OrderPicture
from sinks.planner.settling import settle_order
from tests.unit.sinks_planner.ledgers import DOCUMENTS, EVERY_KIND, JOURNALS


def _document(kind: DocumentKind, number: int, amount: int) -> LedgerDocument:
    return LedgerDocument(
        key=f"{kind}-{number}",
        kind=kind,
        entry_ids=(f"entry-{number}",),
        legal_entity="MX01",
        group="t1:shopify:mx:1",
        sequence=number * 1_000,
        reference=f"{kind}-{number}",
        date=f"2025-06-{number:02}",
        currency="MXN",
        currency_exponent=2,
        memo="",
        lines=(LedgerLine(account="4000", role="revenue:sales", amount=amount, description=""),),
        contact="customer",
        receivable="1100",
        event_id=f"event-{number}",
    )


ORDER = OrderPicture.of(
    [
        _document(DocumentKind.INVOICE, 1, 100),
        _document(DocumentKind.INVOICE, 2, 50),
        _document(DocumentKind.CREDIT_NOTE, 3, 70),
        _document(DocumentKind.CREDIT_NOTE, 4, 60),
    ]
)


def test_the_oldest_invoices_are_settled_first() -> None:
    settled = settle_order(ORDER, EVERY_KIND, DOCUMENTS)
    assert [(one.source and one.source.key, one.settles and one.settles.key, one.total, one.sequence) for one in settled.documents] == [
        ("credit_note-3", "invoice-1", 70, 4_001),
        ("credit_note-4", "invoice-1", 30, 4_002),
        ("credit_note-4", "invoice-2", 30, 4_003),
    ]
    assert settled.order.receivable == ORDER.receivable == 20
    assert [item.open for item in (*settled.order.invoices, *settled.order.credit_notes)] == [0, 20, 0, 0]
    assert {document.event_id for document in settled.documents} == {"event-4"}
    assert len({document.key for document in settled.documents}) == 3


def test_asking_twice_changes_nothing() -> None:
    once = settle_order(ORDER, EVERY_KIND, DOCUMENTS)
    assert settle_order(once.order, EVERY_KIND, DOCUMENTS).documents == ()


def test_only_where_the_ledger_knows_allocations() -> None:
    without = replace(EVERY_KIND, documents=EVERY_KIND.documents - {DocumentKind.ALLOCATION})
    assert settle_order(ORDER, without, DOCUMENTS).documents == ()
    assert settle_order(ORDER, EVERY_KIND, JOURNALS).documents == ()
