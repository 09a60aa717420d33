"""Names of documents that never change: keys of UUIDv5, references for people, places in a group."""

import hashlib
from typing import Final
from uuid import UUID, uuid5

from asiento.accounting.journal import JournalEntry

DOCUMENT_NAMESPACE: Final = UUID("db1d82a3-3dab-4030-b6df-d3708943b9b5")
"""Fixed for ever: every key at every ledger is made of it."""
REFERENCE_LENGTH_MAX: Final = 255
SEQUENCE_STEP: Final = 1_000
"""Places in the sequence of an order from one entry to the next; an entry of more documents moves the next one back."""
_DIGITS_OF_LONG_REFERENCES: Final = 12


def document_key(connection: str, about: str, part: str = "") -> str:
    """The key of a document at a connection; `about` is the entry_id, or the key that an allocation begins with.

    part: empty where the document books the whole entry, else what it is of it. No account, mode or version is in it.
    """
    return str(uuid5(DOCUMENT_NAMESPACE, f"{connection}|{about}|{part}"))


def reference(entry: JournalEntry, place: int = 0) -> str:
    """What people read: the reference of its document, else kind, order and number of the entry; `/2` and so on after the first."""
    document = entry.document
    named = document.document_ref if document else f"{entry.entry_kind}-{entry.order_key}-e{entry.entry_seq}"
    return shortened(f"{named}/{place + 1}" if place else named)


def shortened(text: str) -> str:
    """A reference within its length: what is too long ends in digits of the whole, so that it stays unique."""
    if len(text) <= REFERENCE_LENGTH_MAX:
        return text
    digits = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS_OF_LONG_REFERENCES]
    return f"{text[: REFERENCE_LENGTH_MAX - len(digits) - 1]}-{digits}"


def memo(entry: JournalEntry) -> str:
    """What happened, then the order and the entry."""
    return f"{entry.memo} · order {entry.order_key} · entry {entry.entry_id}"
