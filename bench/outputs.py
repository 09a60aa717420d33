"""What a runner wrote, in a form that says whether two runners wrote the same: a digest per kind of output.

Entries, discrepancies and states are compared by their bytes, sorted, so that the order between partitions and between orders does
not matter; a state by the last record of its order. Decisions are compared by their outcomes, as how many records one batch tells of
is each runner's own; dead letters by their place and reason, as they also hold when and by whom the record was refused.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bench.topics import Record
from schemas.dead_letters import decode_dead_letter
from schemas.decisions import decode_decisions

KINDS: Final = ("entries", "discrepancies", "dead letters", "decisions", "states")


@dataclass(frozen=True, slots=True)
class Canonical:
    """How many of one kind a runner wrote, and the digest of all of them."""

    count: int
    digest: str


Outputs = Mapping[str, Canonical]
"""Kind of output -> its canonical form."""


def canonical(texts: Iterable[bytes]) -> Canonical:
    """The canonical form of a multiset of byte strings."""
    digests = sorted(sha256(text).digest() for text in texts)
    return Canonical(len(digests), sha256(b"".join(digests)).hexdigest())


def records_form(records: Iterable[Record]) -> Canonical:
    """Of records that must be the same byte for byte, key and value."""
    return canonical(_joined(record.key, record.value) for record in records)


def states_form(records: Iterable[Record]) -> Canonical:
    """Of a changelog: the last value of every key; keys without a value are forgotten."""
    last = {record.key: record.value for record in records}
    return canonical(_joined(key, value) for key, value in last.items() if value is not None)


def decisions_form(records: Iterable[Record]) -> Canonical:
    """Of decision batches: the outcomes, each with partition and offset, and what was healed."""
    outcomes: list[bytes] = []
    for record in records:
        batch = decode_decisions(record.value)
        outcomes += [repr((batch.partition, outcome)).encode() for outcome in batch.outcomes]
        outcomes += [repr(healed).encode() for healed in batch.healed]
    return canonical(outcomes)


def letters_form(records: Iterable[Record]) -> Canonical:
    """Of dead letters: partition, offset and reason."""
    letters = (decode_dead_letter(record.value) for record in records)
    return canonical(repr((letter.partition, letter.offset, letter.reason, letter.value)).encode() for letter in letters)


def differences(expected: Outputs, found: Outputs) -> list[str]:
    """What a runner wrote differently, in words; nothing if all is the same."""
    words = []
    for kind, form in expected.items():
        other = found.get(kind)
        if other is None:
            words.append(f"{kind}: none were read")
        elif other.count != form.count:
            words.append(f"{kind}: {other.count} instead of {form.count}")
        elif other.digest != form.digest:
            words.append(f"{kind}: {form.count} as expected, but with other bytes")
    return words


def _joined(key: bytes | None, value: bytes | None) -> bytes:
    key, value = key or b"", value or b""
    return len(key).to_bytes(4, "big") + key + value
