"""How a document's key stands in QuickBooks: short in its number, which can be searched for, whole in its private note."""

import hashlib
import re
from base64 import b32encode
from typing import Final
from uuid import UUID, uuid5

from sinks.external.documents import LedgerDocument

NUMBER_CHARACTERS_MAX: Final = 21
NOTE_CHARACTERS_MAX: Final = 4000
REQUEST_ID_CHARACTERS_MAX: Final = 50
BATCH_REQUEST_ID_CHARACTERS_MAX: Final = 36
_NUMBER_MARK: Final = "A"
_NOTED_KEY: Final = re.compile(r"\[asiento ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\]")
_NOT_FOR_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCHES: Final = UUID("0b4f3c0e-7d0a-5b53-9f0c-3a4b8f2f6d11")


def number_of(key: str) -> str:
    """The document number made of a key: 21 characters, 100 bits of its hash."""
    return _NUMBER_MARK + b32encode(hashlib.sha256(key.encode()).digest()[:13]).decode()[: NUMBER_CHARACTERS_MAX - 1]


def note_of(document: LedgerDocument) -> str:
    """The private note: what people read, then the key, which is never cut."""
    mark = f" [asiento {document.key}]"
    moved = f" (of {document.original_date})" if document.original_date else ""
    told = plain(f"{document.reference}{moved}: {document.memo}")
    return told[: NOTE_CHARACTERS_MAX - len(mark)] + mark


def key_in(note: object) -> str | None:
    """The key that a private note carries; the last one, as people write before it."""
    found = _NOTED_KEY.findall(note) if isinstance(note, str) else []
    return found[-1] if found else None


def request_id_of(document: LedgerDocument) -> str:
    """One for a document with its content, so that a corrected one is never answered with what came of the first."""
    return f"{document.key}-{document.digest[:12]}"[:REQUEST_ID_CHARACTERS_MAX]


def batch_request_id_of(request_ids: list[str]) -> str:
    """One for a batch of just these."""
    return str(uuid5(_BATCHES, " ".join(request_ids)))[:BATCH_REQUEST_ID_CHARACTERS_MAX]


def plain(text: str) -> str:
    """A text without the characters that XML has no form for."""
    return _NOT_FOR_XML.sub(" ", text)
