"""The jobs that runners are compared on: their topics, their input, and what must come of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asiento.runtime.settings import Settings
from asiento.runtime.topic_admin import TopicSpec
from bench.outputs import Canonical, Outputs, decisions_form, letters_form, records_form, states_form
from bench.prefill import messages
from bench.reference import reference_records
from bench.small_job import day
from bench.topics import Record
from schemas.event_messages import EventMessage
from schemas.topics import (
    ACCOUNTING_DECISIONS,
    ACCOUNTING_DISCREPANCIES,
    ACCOUNTING_ENTRIES,
    ORDERS_DLQ,
    ORDERS_EVENTS,
    catalogue,
    changelog_name,
)

STATES: Final = "states"
Form = Callable[[Sequence[Record]], Canonical]


@dataclass(frozen=True, slots=True)
class BenchTopic:
    """A topic of a job that is not in the catalogue."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BenchJob:
    """`work` names it for peers (`bench.peers.work`). Topics are without prefix: `source`, `outputs` by kind, and the changelog."""

    work: str
    source: str
    outputs: Mapping[str, str]
    changelog: Callable[[str], str]
    forms: Mapping[str, Form]
    topics: Callable[[str, int], Sequence[TopicSpec]]
    events: Callable[[int, int], Iterator[EventMessage]]

    def topics_of(self, settings: Settings) -> dict[str, str]:
        """Kind of output -> topic on the broker, states included."""
        names = {**self.outputs, STATES: self.changelog(settings.app_id)}
        return {kind: settings.topic(name) for kind, name in names.items()}

    def expected(self, events: Iterable[EventMessage], partitions: int) -> Outputs:
        """What must come of these events, as the core gives it without a broker."""
        found = reference_records(self.work, events, partitions)
        topics = {**self.outputs, STATES: STATES}
        return {kind: self.forms[kind](found.get(topic, [])) for kind, topic in topics.items()}


def _order_topics(app_id: str, partitions: int) -> Sequence[TopicSpec]:
    return catalogue(app_id, partitions, 1, 1)


def _small_topics(app_id: str, partitions: int) -> Sequence[TopicSpec]:
    del app_id
    large: dict[str, str] = {"retention.ms": "-1"}
    kept = [BenchTopic(name, partitions, 1, large) for name in (day.EVENTS, day.ENTRIES)]
    return [*kept, BenchTopic(day.CHANGELOG, partitions, 1, {"cleanup.policy": "compact"})]


ORDERS: Final = BenchJob(
    work="orders",
    source=ORDERS_EVENTS,
    outputs={
        "entries": ACCOUNTING_ENTRIES,
        "discrepancies": ACCOUNTING_DISCREPANCIES,
        "dead letters": ORDERS_DLQ,
        "decisions": ACCOUNTING_DECISIONS,
    },
    changelog=changelog_name,
    forms={
        "entries": records_form,
        "discrepancies": records_form,
        "dead letters": letters_form,
        "decisions": decisions_form,
        STATES: states_form,
    },
    topics=_order_topics,
    events=messages,
)


def small_job(codec: str) -> BenchJob:
    """The small job with one of its codecs."""
    forms: dict[str, Any] = {"entries": records_form, STATES: states_form}
    outputs = {"entries": day.ENTRIES}
    return BenchJob(f"small-{codec}", day.EVENTS, outputs, lambda _: day.CHANGELOG, forms, _small_topics, day.events)
