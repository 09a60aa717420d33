"""Heads of a ledger's chain that were printed by `asiento ledger heads` and kept elsewhere."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from sinks.chain import ChainHead
from sinks.ledger import LedgerError, StreamIdentity
from sinks.ledger_access import LedgerReader

FORMAT = "asiento-ledger-heads-1"
FILE_BYTES_MAX = 1024 * 1024
_HASH = re.compile(r"[0-9a-f]{64}")


class UnreadableHeads(LedgerError):
    """The file is no file of kept heads; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHeads:
    """A ledger at one moment: the head per partition, and number and seal of the entry booked last (0 in an empty one)."""

    stream: StreamIdentity
    heads: Mapping[int, ChainHead]
    booked_to: Mapping[int, int]
    entry_no: int
    seal: str

    def length(self, partition: int) -> int | None:
        """How many links the kept head of a partition counts."""
        head = self.heads.get(partition)
        return None if head is None else head.length

    def to_json(self) -> dict[str, Any]:
        """The form that is kept; `read_heads` reads it."""
        return {
            "format": FORMAT,
            "stream": {"cluster_id": self.stream.cluster_id, "topic": self.stream.topic, "topic_id": self.stream.topic_id},
            "entries": self.entry_no,
            "seal": self.seal,
            "partitions": [
                {"partition": number, "booked_to": self.booked_to[number], "length": head.length, "hash": head.link}
                for number, head in sorted(self.heads.items())
            ],
        }


def heads_of(reader: LedgerReader) -> KeptHeads | None:
    """The heads of a ledger now; None where it has never been started."""
    stream, places, (entry_no, seal) = reader.stream(), reader.places(), reader.last_entry()
    if stream is None:
        return None
    return KeptHeads(
        stream=stream,
        heads={number: place.head for number, place in places.items()},
        booked_to={number: place.next_offset for number, place in places.items()},
        entry_no=entry_no,
        seal=seal,
    )


def read_heads(path: Path) -> KeptHeads:
    """Read a kept file; raises `UnreadableHeads`."""
    try:
        with path.open("rb") as file:
            values = orjson.loads(file.read(FILE_BYTES_MAX))
        if values["format"] != FORMAT:
            raise UnreadableHeads(f"{path}: not in the format {FORMAT}")
        parts = values["partitions"]
        return KeptHeads(
            stream=StreamIdentity(**{name: str(values["stream"][name]) for name in ("cluster_id", "topic", "topic_id")}),
            heads={_number(part["partition"]): ChainHead(length=_number(part["length"]), link=_hash(part["hash"])) for part in parts},
            booked_to={_number(part["partition"]): _number(part["booked_to"]) for part in parts},
            entry_no=_number(values["entries"]),
            seal=_hash(values["seal"]),
        )
    except OSError as error:
        raise UnreadableHeads(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableHeads(f"{path}: not what `asiento ledger heads --json` prints ({error!r})") from None


def _number(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a number from 0 is expected")
    return value


def _hash(value: Any) -> str:
    if not isinstance(value, str) or _HASH.fullmatch(value) is None:
        raise ValueError("64 hex digits are expected")
    return value
