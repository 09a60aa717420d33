"""A job: what one kind of worker reads, keeps and writes. Its names are constants of the job and never derived from files."""

from dataclasses import dataclass
from typing import Any

from streams.engine.processor import ChunkProcessor


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All topics are names on the broker, prefix included, and have the same number of partitions.

    `id` is the Faust id, the consumer group and the start of the transactional ids.
    """

    id: str
    table: str
    source_topic: str
    changelog_topic: str
    output_topics: tuple[str, ...]
    processor: ChunkProcessor[Any]

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that must exist before the worker starts."""
        return (self.source_topic, self.changelog_topic, *self.output_topics)
