"""Order workers, ledger sink, projector and sweeper on one broker; and the picture of all that they wrote."""

from pathlib import Path

from tests.acceptance.agreement import Picture, books_of
from tests.acceptance.database_facts import ledger_facts, operational_facts
from tests.acceptance.load import Load
from tests.acceptance.order_pipeline import OrderPipeline
from tests.acceptance.topic_facts import EVENTS, TOPICS, TopicFacts, refused_places
from tests.integration.operational_projector import Projector
from tests.integration.order_stream import Worker

SWEEPER = ("-m", "asiento.cli.main", "sweeper", "run", "--clock", "2026-03-01T00:00:00Z")
"""A clock by which the deadlines of the hard lives have passed, and none of the trading days."""
PROJECTED_RECORDS = 40
"""Records in one transaction of the operational database."""


class WholeInstallation(OrderPipeline):
    """An order pipeline with its operational database and its sweeper. Processes are started by its users."""

    def __init__(self, kafka: str, prefix: str, directory: Path, *, operational_url: str | None = None) -> None:
        super().__init__(kafka, prefix, directory, sink_batch_entries_max="2")
        self.prefix = prefix
        self.projector = Projector(
            directory, kafka, prefix, url=operational_url, partitions="4", projector_batch_records_max=str(PROJECTED_RECORDS)
        )

    def start_sweeper(self) -> Worker:
        """A sweeper whose clock stands still."""
        return self.stream.start(SWEEPER)

    def close(self) -> None:
        """End what still runs."""
        self.projector.close()
        super().close()

    def projector_lag(self) -> dict[tuple[str, int], int]:
        """Offsets of each partition that are not projected, where there are any; markers included."""
        reached = self.projector.next_offsets()
        behind = {place: end - reached.get((f"{self.prefix}{place[0]}", place[1]), 0) for place, end in self.topic_ends().items()}
        return {place: offsets for place, offsets in behind.items() if offsets > 0}

    def events_wait(self) -> bool:
        """Whether events lie beyond what is projected; their topic has no markers."""
        return any(topic == EVENTS for topic, _ in self.projector_lag())

    def topic_ends(self) -> dict[tuple[str, int], int]:
        """Where each partition of each projected topic ends for a reader of committed records."""
        return {
            (name, partition): end
            for name in TOPICS
            for partition, end in self.ends(self.stream.settings.topic(name), "read_committed").items()
        }

    def picture(self, load: Load) -> Picture:
        """All topics, both databases and the books of the oracle. Nothing may move any more."""
        records = {name: self.stream.read(self.stream.settings.topic(name)) for name in TOPICS}
        topics = TopicFacts(records, self.topic_ends(), refused_places(records[EVENTS], load.refused))
        return Picture(
            topics=topics,
            ledger=ledger_facts(self.sink.ledger),
            operational=operational_facts(self.projector.url, self.prefix),
            books=books_of(topics),
        )
