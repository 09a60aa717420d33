"""What the adapter of a platform has to answer. All of it is pure: no clock, no I/O, no randomness."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from sources.platforms.context import Context
from sources.platforms.facts import Fact, Part, Reading
from sources.platforms.outcome import EventTwin, Nothing
from sources.platforms.payload import Node, parse_payload

Grade: TypeAlias = Literal["A", "B", "C"]
"""A: tried with real payloads. B: with the platform's own samples only. C: from documentation, a preview."""


class Adapter(Protocol):
    """One platform. Every method may raise `Unjudged` with a problem of the payload, and nothing else.

    name: as in sources. topics: webhook topic, or kind of object that is polled -> what it is, for people. A topic is what the caller
    says of a payload; where the payload itself says what it is, that counts, and a topic that is not known is no error then.
    """

    name: str
    grade: Grade
    topics: Mapping[str, str]

    def parse(self, body: bytes) -> Node:
        """The payload's bytes as a node; JSON, unless an adapter reads something else."""
        return parse_payload(body)

    def open(self, payload: Node, topic: str) -> Sequence[Part]:
        """The objects inside a payload, in their order; envelopes and lists are taken apart here. Never empty."""

    def read(self, part: Part, context: Context) -> Reading | Nothing:
        """The facts of one object. They need not be new."""

    def complete(self, fact: Fact, order: EventTwin) -> Fact:
        """The fact with its `open` part closed by the order (an OrderPlaced twin as it was last told); as it is where none is left open."""
        del order
        return fact
