"""Where everything stood when a backup was taken: topics, groups, ledger and operational database, as `offsets.json` holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from sinks.ledger import StreamIdentity

Offsets: TypeAlias = Mapping[int, int]
"""Partition -> offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicMark:
    """A topic: its name in the catalogue, who it is on the broker, where its log began, and where it ended.

    `ends` are what the broker said one time after the other; see `sinks.backup.take` for why twice.
    """

    name: str
    identity: StreamIdentity
    starts: Offsets
    ends: tuple[Offsets, ...]

    def to_json(self) -> dict[str, Any]:
        """The form that is kept."""
        partitions = [
            {"partition": number, "start": start, "ends": [ends[number] for ends in self.ends]}
            for number, start in sorted(self.starts.items())
        ]
        identity = {"cluster_id": self.identity.cluster_id, "topic": self.identity.topic, "topic_id": self.identity.topic_id}
        return {"name": self.name, **identity, "partitions": partitions}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "TopicMark":
        """Read it again."""
        parts = values["partitions"]
        times = len(parts[0]["ends"]) if parts else 0
        return cls(
            name=values["name"],
            identity=StreamIdentity(cluster_id=values["cluster_id"], topic=values["topic"], topic_id=values["topic_id"]),
            starts={part["partition"]: part["start"] for part in parts},
            ends=tuple({part["partition"]: part["ends"][time] for part in parts} for time in range(times)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Positions:
    """All positions. ledger: next offset of the entries topic. operational: (topic, partition) -> next offset.

    groups: group -> topic -> what it has committed. Without a broker there are no topics and no groups.
    """

    ledger: Offsets
    operational: Mapping[tuple[str, int], int]
    topics: tuple[TopicMark, ...]
    groups: Mapping[str, Mapping[str, Offsets]]

    def topic(self, name: str) -> TopicMark | None:
        """The mark of a topic of the catalogue; None where there was none."""
        return next((topic for topic in self.topics if topic.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The form that is kept."""
        groups = {
            group: {topic: {str(number): offset for number, offset in sorted(offsets.items())} for topic, offsets in sorted(topics.items())}
            for group, topics in sorted(self.groups.items())
        }
        operational = [
            {"topic": topic, "partition": number, "next_offset": offset} for (topic, number), offset in sorted(self.operational.items())
        ]
        return {
            "ledger": {str(number): offset for number, offset in sorted(self.ledger.items())},
            "operational": operational,
            "topics": [topic.to_json() for topic in self.topics],
            "groups": groups,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Positions":
        """Read it again."""
        return cls(
            ledger={int(number): offset for number, offset in values["ledger"].items()},
            operational={(row["topic"], row["partition"]): row["next_offset"] for row in values["operational"]},
            topics=tuple(TopicMark.from_json(topic) for topic in values["topics"]),
            groups={
                group: {topic: {int(number): offset for number, offset in offsets.items()} for topic, offsets in topics.items()}
                for group, topics in values["groups"].items()
            },
        )
