"""What is kept of one order between payloads: cumulative figures, so that each unit and each amount is told once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sources.platforms.facts import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A movement of money that was told: the key it has, its ids, the ways and seconds it was `seen` by, what of it was captured."""

    key: str
    seen: tuple[list[str], ...]
    ids: tuple[str, ...]
    deferred: bool
    content: Mapping[str, int]
    captured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """shipped, cancelled: item -> units that were told. executed: payments of the order that were told, minor units."""

    shipped: Mapping[str, int] = field(default_factory=dict)
    cancelled: Mapping[str, int] = field(default_factory=dict)
    executed: int = 0
    posted: tuple[Posted, ...] = ()

    @property
    def collected(self) -> int:
        """What movements of money say was collected, told or not."""
        return sum(posted.content.get("charged", 0) for posted in self.posted if posted.key.startswith("shipment-"))

    def to_json(self) -> Mapping[str, Json]:
        """As `from_json` reads it."""
        return {
            "shipped": dict(self.shipped),
            "cancelled": dict(self.cancelled),
            "executed": self.executed,
            "posted": [
                [each.key, list(each.seen), list(each.ids), each.deferred, dict(each.content), each.captured] for each in self.posted
            ],
        }

    def with_posted(self, posted: Posted) -> "Remembered":
        """The movement added, or put in place of the one of its key."""
        return replace(self, posted=(*(each for each in self.posted if each.key != posted.key), posted))


def from_json(memory: Mapping[str, Json]) -> Remembered:
    """Read the memory of a snapshot; an empty one is that of an order that was never seen."""
    return Remembered(
        shipped=memory.get("shipped", {}),
        cancelled=memory.get("cancelled", {}),
        executed=memory.get("executed", 0),
        posted=tuple(
            Posted(key=key, seen=tuple(seen), ids=tuple(ids), deferred=deferred, content=content, captured=captured)
            for key, seen, ids, deferred, content, captured in memory.get("posted", [])
        ),
    )
