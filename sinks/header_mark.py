"""A number for what an entry is beside its money: added up over many entries, it shows that one of them is another."""

import hashlib
from typing import Final

_NOT_IN_POSTGRESQL: Final = "\0"
_ESCAPE: Final = "\ue000"


def header_mark(*values: str) -> int:
    """A number below 2**32 of entry_id, order_key, event_id and entry_kind: the same wherever it is made.

    Text is taken as PostgreSQL holds it; see `sinks.postgresql_ledger.text`.
    """
    text = "|".join(values)
    if _NOT_IN_POSTGRESQL in text or _ESCAPE in text:
        text = text.replace(_ESCAPE, f"{_ESCAPE}1").replace(_NOT_IN_POSTGRESQL, f"{_ESCAPE}0")
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
