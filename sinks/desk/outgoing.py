"""What the desk sends, and the port through which it does: an event and the action that says why, all or nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from schemas.dead_letters import DeadLetter, Header
from schemas.event_messages import EventMessage
from schemas.kept_headers import is_kept
from schemas.operator_actions import OperatorAction

REPLAY_HEADER: Final = "asiento-replay"
"""Header of every record that the desk sends for something else: the subject of the action about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """A record for the events topic; it goes to the partition of its key."""

    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What belongs together: both become visible, or neither."""

    events: tuple[OutgoingEvent, ...] = ()
    actions: tuple[OperatorAction, ...]


class Broker(Protocol):
    """What the desk needs of Kafka. All methods raise `DeskUnavailable`."""

    def partition_count(self) -> int:
        """Partitions of the events topic."""
        ...

    def letters(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], DeadLetter]:
        """(partition, offset) on the dead letter topic -> the letter; those that retention took are left out."""
        ...

    def action_ends(self) -> Mapping[int, int]:
        """Partition of the actions topic -> the offset behind its last committed record."""
        ...

    def send(self, bundles: Sequence[Bundle]) -> None:
        """Send everything in one transaction."""
        ...


def outgoing(message: EventMessage, subject: str) -> OutgoingEvent:
    """An event of ours for `subject`."""
    return OutgoingEvent(key=message.key, value=message.value, headers=(*message.headers, (REPLAY_HEADER, subject.encode())))


def as_it_came(key: bytes, value: bytes | None, headers: Sequence[Header], subject: str) -> OutgoingEvent:
    """A refused record with its own bytes and the headers that were kept; an older replay's mark gives way to this one."""
    own = tuple((one.key, one.value) for one in headers if one.key != REPLAY_HEADER and (is_kept(one.key) or not one.value))
    return OutgoingEvent(key=key, value=value, headers=(*own, (REPLAY_HEADER, subject.encode())))
