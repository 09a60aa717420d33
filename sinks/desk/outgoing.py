"""What the desk sends, and the port through which it does: a record and the action that says why, all or nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias

from schemas.dead_letters import DeadLetter, Header
from schemas.event_messages import EventMessage
from schemas.kept_headers import is_kept
from schemas.operator_actions import OperatorAction

Target: TypeAlias = Literal["events", "raw"]
"""The events topic, or that of raw payloads."""
REPLAY_HEADER: Final = "asiento-replay"
"""Header of every record that the desk sends for something else: the subject of the action about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRecord:
    """A record for the events topic or that of raw payloads; it goes to the partition of its key."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRecord:
    """A record as it stands on its topic."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What belongs together: all of it becomes visible, or nothing."""

    events: tuple[OutgoingRecord, ...] = ()
    raw: tuple[OutgoingRecord, ...] = ()
    actions: tuple[OperatorAction, ...]


class Broker(Protocol):
    """What the desk needs of Kafka. All methods raise `DeskUnavailable`."""

    def partition_count(self, target: Target = "events") -> int:
        """Partitions of a topic."""
        ...

    def letters(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], DeadLetter]:
        """(partition, offset) on the dead letter topic -> the letter; those that retention took are left out."""
        ...

    def raw_records(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], OriginalRecord]:
        """(partition, offset) on the raw topic -> the record; those that retention took are left out."""
        ...

    def action_ends(self) -> Mapping[int, int]:
        """Partition of the actions topic -> the offset behind its last committed record."""
        ...

    def send(self, bundles: Sequence[Bundle]) -> None:
        """Send everything in one transaction."""
        ...


def outgoing(message: EventMessage, subject: str) -> OutgoingRecord:
    """An event of ours for `subject`."""
    return OutgoingRecord(key=message.key, value=message.value, headers=(*message.headers, (REPLAY_HEADER, subject.encode())))


def as_it_came(key: bytes, value: bytes | None, headers: Sequence[Header], subject: str) -> OutgoingRecord:
    """A refused record with its own bytes and the headers that were kept; an older replay's mark gives way to this one."""
    own = tuple((one.key, one.value) for one in headers if one.key != REPLAY_HEADER and (is_kept(one.key) or not one.value))
    return OutgoingRecord(key=key, value=value, headers=(*own, (REPLAY_HEADER, subject.encode())))
