"""Figures of the operational database that metrics show: what is open and since when, and what became of every record."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sinks.databases.database import Database, Row
from sinks.projector.statements import statement

OpenKind: TypeAlias = Literal["parked", "rejected", "dead_letter"]

_OPEN: Final[Mapping[OpenKind, str]] = {
    "parked": "open_parked",
    "rejected": "open_rejected",
    "dead_letter": "open_dead_letters",
}


@dataclass(frozen=True, slots=True)
class OpenItems:
    """How many items are open, and since when the oldest is, UTC microseconds; None where there are none."""

    number: int
    oldest_at: int | None

    def __add__(self, other: "OpenItems") -> "OpenItems":
        times = [at for at in (self.oldest_at, other.oldest_at) if at is not None]
        return OpenItems(self.number + other.number, min(times, default=None))


@dataclass(frozen=True, slots=True)
class Accounted:
    """The records of a range of one partition of the events topic, by the outcome that each had when it was judged first.

    unaccounted: records without an outcome, and outcomes without a record.
    """

    outcomes: Mapping[str, int]
    unaccounted: int


class FiguresReader:
    """Asks the database of the projector; every method raises `OperationalUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_items(self, kind: OpenKind) -> dict[str, OpenItems]:
        """Open ones by code; dead letters by reason."""
        return {code: OpenItems(number, oldest_at) for code, number, oldest_at in self._ask(_OPEN[kind])}

    def open_proposals(self) -> OpenItems:
        """Proposals that nobody has answered."""
        ((number, oldest_at),) = self._ask("open_proposals")
        return OpenItems(number, oldest_at)

    def open_discrepancies(self) -> dict[tuple[str, str], OpenItems]:
        """Open ones by code and severity."""
        return {(code, severity): OpenItems(number, oldest_at) for code, severity, number, oldest_at in self._ask("open_discrepancies")}

    def accounted_to(self, events_topic: str) -> dict[int, int]:
        """Up to which offset of each partition of that topic (its name on the broker) both records and decisions are known."""
        return {partition: min(known_to, decided_to or 0) for partition, known_to, decided_to in self._ask("accounted_to", events_topic)}

    def accounted(self, partition: int, first_offset: int, next_offset: int) -> Accounted:
        """What became of the records of a range; by the keys of the tables, so that it costs what the range holds."""
        place = (partition, first_offset, next_offset)
        outcomes: dict[str, int] = dict(self._ask("outcomes_between", *place))
        ((records, judged),) = self._ask("records_between", *place)
        return Accounted(outcomes, (records - judged) + (sum(outcomes.values()) - judged))

    def healed_since(self, partition: int, batch_offset: int) -> tuple[dict[str, int], int]:
        """Parked events that were judged again in batches behind that one, by their new outcome; and the last such batch."""
        rows = self._ask("healed_since", partition, batch_offset)
        return {outcome: number for outcome, number, _ in rows}, max((last for *_, last in rows), default=batch_offset)

    def _ask(self, name: str, *values: object) -> list[Row]:
        with self._database.explained():
            return self._database.query(statement(name), values)
