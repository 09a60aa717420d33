"""Plans one entry after the other of an order: entry, mapping, capabilities and the order's picture in; documents out. Pure."""

from functools import reduce

from schemas.entries import HashedEntry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection, Mode
from sinks.external.targets import Mapping
from sinks.planner.invoices import DOCUMENT_KINDS, document_drafts
from sinks.planner.picture import OrderPicture, Planned
from sinks.planner.receivables import settlement_drafts
from sinks.planner.settling import settle_order
from sinks.planner.telling import Draft, Telling


def plan_entry(entry: HashedEntry, order: OrderPicture, mapping: Mapping, capabilities: Capabilities, connection: Connection) -> Planned:
    """What an entry becomes at a connection; entries of an order come in their order, and none after one that was not planned.

    Raises `Unmapped` where a rule is missing, `CannotTell` where this ledger has no document for it.
    """
    told = entry.entry
    in_documents = connection.mode is Mode.DOCUMENTS
    settled = settle_order(order, capabilities, connection) if told.event_id != order.event_id else Planned(documents=(), order=order)
    telling = Telling(entry=told, order=settled.order, mapping=mapping, capabilities=capabilities, connection=connection.name)
    documents = telling.documents(_drafts(telling) if in_documents else telling.whole_journal())
    return Planned(documents=(*settled.documents, *documents), order=reduce(OrderPicture.after, documents, settled.order))


def _drafts(telling: Telling) -> tuple[Draft, ...]:
    document = telling.entry.document
    if document is not None and document.kind in DOCUMENT_KINDS:
        return document_drafts(telling)
    return settlement_drafts(telling) if telling.moved else telling.journal_with_customer()
