"""What surrounds one payload: who asks, what the merchant said about the source, what is known of the object already."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from sources.platforms.connection import Connection
from sources.platforms.outcome import EventTwin
from sources.platforms.snapshot import EMPTY, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """tenant, source (`<platform>:<connection>`), the connection, the arrival time if it is known, and the object's snapshot.

    remembers: there is a memory, so that facts may wait for their order; else each payload is read by itself.
    """

    tenant: str
    source: str
    connection: Connection
    received_at: datetime | None = None
    snapshot: Snapshot = EMPTY
    remembers: bool = False

    @property
    def zone(self) -> tzinfo | None:
        """The zone of times without offset; None: such times are malformed."""
        return self.connection.time_zone

    @property
    def order(self) -> EventTwin | None:
        """The OrderPlaced twin of the order as it was last told; None where it is not known."""
        return self.snapshot.order
