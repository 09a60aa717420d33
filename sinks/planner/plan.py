"""Plans one entry after the other of an order: entry, mapping, capabilities and the order's picture in; documents out. Pure."""

from schemas.entries import HashedEntry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection
from sinks.external.documents import DocumentKind, LedgerDocument
from sinks.external.targets import Mapping
from sinks.planner.journals import fitted
from sinks.planner.keys import DOCUMENTS_PER_ENTRY_MAX, document_key, memo, reference
from sinks.planner.legs import journal_line, legs_of
from sinks.planner.picture import OrderPicture, Planned


def plan_entry(entry: HashedEntry, order: OrderPicture, mapping: Mapping, capabilities: Capabilities, connection: Connection) -> Planned:
    """What an entry becomes at a connection; entries of an order come in their order, and none after one that was not planned.

    Raises `Unmapped` where a rule is missing, `CannotTell` where this ledger has no document for it.
    """
    told = entry.entry
    lines = fitted([journal_line(leg, leg.amount) for leg in legs_of(told, mapping)], capabilities.journal_lines_max)
    if not lines:
        return Planned(documents=(), order=order)
    journal = LedgerDocument(
        key=document_key(connection.name, told.entry_id),
        kind=DocumentKind.JOURNAL,
        entry_ids=(told.entry_id,),
        legal_entity=told.legal_entity,
        group=told.order_key,
        sequence=max(told.entry_seq * DOCUMENTS_PER_ENTRY_MAX, order.next_sequence),
        reference=reference(told),
        date=told.posting_date,
        original_date=told.business_date if told.business_date != told.posting_date else None,
        currency=told.currency,
        currency_exponent=told.currency_exponent,
        memo=memo(told),
        lines=lines,
        event_id=told.event_id,
    )
    return Planned(documents=(journal,), order=order.after(journal))
