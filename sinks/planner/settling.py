"""What becomes of open credit notes when an event is over: they settle open invoices."""

from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DocumentKind, LedgerDocument, Settlement
from sinks.planner.keys import document_key, shortened
from sinks.planner.picture import OrderPicture, Planned


def settle_order(order: OrderPicture, capabilities: Capabilities, connection: Connection) -> Planned:
    """Allocations of open credit notes to open invoices, the oldest first; to be asked for when all entries of an event are planned.

    `plan_entry` does it by itself before the first entry of another event, with the same documents, so that asking late, or twice,
    changes nothing. Within an event it waits: `apply` may pay a credit note out.
    """
    documents: list[LedgerDocument] = []
    if connection.mode is Mode.DOCUMENTS and DocumentKind.ALLOCATION in capabilities.documents:
        for credit_note, invoice, amount in tuple(order.settling()):
            documents.append(_allocation(credit_note.document, invoice.document, amount, order, connection))
            order = order.after(documents[-1])
    return Planned(documents=tuple(documents), order=order)


def _allocation(
    credit_note: LedgerDocument, invoice: LedgerDocument, amount: int, order: OrderPicture, connection: Connection
) -> LedgerDocument:
    return LedgerDocument(
        key=document_key(connection.name, credit_note.entry_ids[0], f"allocation|{invoice.key}"),
        kind=DocumentKind.ALLOCATION,
        entry_ids=credit_note.entry_ids,
        legal_entity=invoice.legal_entity,
        group=invoice.group,
        sequence=order.next_sequence,
        reference=shortened(f"{credit_note.reference}>{invoice.reference}"),
        date=max(credit_note.date, invoice.date),
        currency=invoice.currency,
        currency_exponent=invoice.currency_exponent,
        memo=f"{credit_note.reference} settles {invoice.reference} · order {invoice.group}",
        depends_on=(invoice.key, credit_note.key),
        contact=invoice.contact,
        receivable=invoice.receivable,
        settles=Settlement(key=invoice.key, reference=invoice.reference, amount=amount),
        source=Settlement(key=credit_note.key, reference=credit_note.reference, amount=amount),
        event_id=order.event_id,
    )
