"""Which headers of a refused record are kept with it: those that say what it is, never those that let somebody in.

A producer, or a gateway before it, may leave anything in the headers of a record: authorization, cookies, keys. Names that are
known to hold nothing of the kind are kept whole; of all others the name and the length of the value.
"""

from typing import Final

KEPT: Final = frozenset(
    {
        "content-type",
        "content-encoding",
        "traceparent",
        "tracestate",
        "correlation-id",
        "x-correlation-id",
        "request-id",
        "x-request-id",
        "asiento-replay",
    }
)
"""Names whose values are kept, in small letters."""
KEPT_PREFIX: Final = "ce_"
"""CloudEvents: what the event is."""


def is_kept(name: str) -> bool:
    """Whether the value of a header goes into dead letters, and out again with a replay."""
    return name.lower() in KEPT or name.lower().startswith(KEPT_PREFIX)


def kept_value(name: str, value: bytes | None) -> bytes | None:
    """The value as a dead letter has it; a value that is not kept is replaced by its length: of a short secret a hash says too much."""
    if not value or is_kept(name):
        return value
    return f"[not kept: {len(value)} bytes]".encode()
