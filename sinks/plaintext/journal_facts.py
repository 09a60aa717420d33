"""What the plain-text forms of an entry have in common."""

from asiento.accounting.journal import JournalEntry, Posting


def signed(posting: Posting) -> int:
    """Minor units, debit positive."""
    return posting.amount if posting.side == "DEBIT" else -posting.amount


def entry_facts(entry: JournalEntry, content_hash: str) -> tuple[tuple[str, str], ...]:
    """(name, value) of what identifies and explains an entry, in a fixed order, absent facts left out."""
    document = entry.document
    facts = (
        ("entry_id", entry.entry_id),
        ("entry_kind", entry.entry_kind),
        ("event_id", entry.event_id),
        ("order_key", entry.order_key),
        ("legal_entity", entry.legal_entity),
        ("business_date", entry.business_date),
        ("document_ref", document.document_ref if document else ""),
        ("reverses", entry.reverses or ""),
        ("content_hash", content_hash),
    )
    return tuple((name, value) for name, value in facts if value)
