"""The hash chain of a ledger and its seals: what they cover and how they are computed. docs/adr/0009 says why.

The chain runs per source partition over the entries booked from it, in offset order. Repeats and conflicts are no links.
Everything in a link stands on the entries topic, so that anybody who can read the topic can compute it again:

    link = SHA-256(link before, 32 bytes | partition, 4 bytes | offset, 8 bytes | value of the record)     numbers big-endian

The link before the first is `START`. The length of a chain is the number of its links, its head the last of them.

Columns that do not stand on the topic are covered by seals: SHA-256 over the JSON array of the values, without blanks.
"""

from dataclasses import dataclass
from hashlib import sha256
from struct import Struct
from typing import Any

import orjson

START = "0" * 64
"""The link before the first one, and the seal before the first one."""

_PLACE = Struct(">iq")


class Unsealable(ValueError):
    """Values that no seal of ours can cover: they are of types that the ledger never writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """How many links a partition's chain has and the last of them (64 hex digits)."""

    length: int
    link: str


EMPTY_CHAIN = ChainHead(length=0, link=START)


def next_link(before: str, partition: int, offset: int, value: bytes) -> str:
    """The link (64 hex digits) of the entry whose record has this place and value."""
    return sha256(bytes.fromhex(before) + _PLACE.pack(partition, offset) + value).hexdigest()


def seal(*values: Any) -> str:
    """SHA-256 (64 hex digits) over the JSON array of integers, texts and None; raises `Unsealable` for what JSON cannot hold."""
    try:
        return sha256(orjson.dumps(values)).hexdigest()
    except TypeError as error:
        raise Unsealable(str(error)) from None


def entry_seal(before: str, link: str, entry_no: int, booked_at: int) -> str:
    """Seal of an entry's own bookkeeping: it also holds the seal of the entry booked before, so it runs over the whole ledger."""
    return seal(before, link, entry_no, booked_at)
