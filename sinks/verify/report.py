"""What a verification answers: counts, and a list of problems that a person can act on."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from schemas.decisions import OUTCOMES

Fault: TypeAlias = Literal[
    "missing",
    "extra",
    "doubled",
    "altered",
    "unbalanced",
    "ownerless",
    "conflict_missing",
    "conflict_extra",
    "conflict_altered",
    "chain_broken",
    "head_broken",
    "seal_broken",
    "tail_cut",
    "heads_differ",
    "ack_missing",
    "ack_differs",
    "unprotected",
    "damaged_file",
    "ledger_offset",
    "stream_altered",
    "stream_doubled",
    "stream_unreadable",
    "stream_cut",
    "gap",
    "overlap",
    "undecided",
    "decided_twice",
    "decided_nothing",
    "healed_nothing",
    "committed_offset",
    "entry_absent",
    "entry_not_named",
]
FAULTS: tuple[Fault, ...] = get_args(Fault)
"""The closed set of faults; docs/verify.md says what each means and what to do. It is also the label set of the metric."""

PROBLEMS_LISTED_MAX = 1_000
"""Problems kept in full; the rest are only counted."""

TEXT_LENGTH_MAX = 2_000
"""Longest text of a problem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is not as it should be; `text` says what and where, the rest the same for programs.

    partition and offset are those of the stream that the fault is about (entries topic, else source or decisions topic).
    """

    fault: Fault
    text: str
    partition: int | None = None
    offset: int | None = None
    entry_id: str | None = None


@dataclass(slots=True)
class Problems:
    """Collects problems: all are counted, the first `PROBLEMS_LISTED_MAX` kept."""

    listed: list[Problem] = field(default_factory=list)
    counts: Counter[Fault] = field(default_factory=Counter)

    def add(self, fault: Fault, text: str, *, partition: int | None = None, offset: int | None = None, entry_id: str | None = None) -> None:
        """Note one problem."""
        self.counts[fault] += 1
        if len(self.listed) < PROBLEMS_LISTED_MAX:
            short = text if len(text) <= TEXT_LENGTH_MAX else text[:TEXT_LENGTH_MAX] + "..."
            self.listed.append(Problem(fault=fault, text=short, partition=partition, offset=offset, entry_id=entry_id))

    def none_of(self, faults: Iterable[Fault]) -> bool:
        """Whether none of these was noted."""
        return not any(self.counts[fault] for fault in faults)


ACCOUNTING_FAULTS: tuple[Fault, ...] = (
    "gap",
    "overlap",
    "undecided",
    "decided_twice",
    "decided_nothing",
    "healed_nothing",
    "committed_offset",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionFacts:
    """One partition at a glance. Offsets are next offsets; `consumed` source records by outcome; `chain_head` as the ledger has it."""

    partition: int
    source_start: int
    source_end: int
    decided_to: int
    consumed: int
    outcomes: Mapping[str, int]
    entries_on_stream: int
    booked_to: int
    chain_length: int
    chain_head: str

    def to_json(self) -> dict[str, Any]:
        """The facts as plain values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return values | {"outcomes": {name: self.outcomes.get(name, 0) for name in OUTCOMES}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The answer of `verify`: entries are counted once per id, records by their offset on the log.

    `pending` entries lie behind the ledger's stored offset and will be booked; `lag` source offsets are not consumed yet;
    `acks` were compared (those of this ledger's kind that say POSTED).
    """

    entries_on_stream: int
    entries_booked: int
    pending: int
    repeats: int
    acks: int
    consumed: int
    outcomes: Mapping[str, int]
    lag: int
    partitions: tuple[PartitionFacts, ...]
    problems: Problems

    @property
    def clean(self) -> bool:
        """Whether there is nothing to report."""
        return not self.problems.counts

    def summary(self) -> str:
        """The line about the records: that they are accounted for, or that they are not."""
        parts = " + ".join(f"{name} {self.outcomes.get(name, 0)}" for name in OUTCOMES)
        if self.problems.none_of(ACCOUNTING_FAULTS) and self.consumed == sum(self.outcomes.values()):
            return f"every record is accounted for: {self.consumed} consumed = {parts}"
        return f"NOT every record is accounted for: {self.consumed} consumed, decided: {parts}"

    def to_json(self) -> dict[str, Any]:
        """The whole report as plain values."""
        return {
            "clean": self.clean,
            "accounted_for": self.summary(),
            "consumed": self.consumed,
            "outcomes": {name: self.outcomes.get(name, 0) for name in OUTCOMES},
            "lag": self.lag,
            "entries": {
                "on_stream": self.entries_on_stream,
                "booked": self.entries_booked,
                "pending": self.pending,
                "repeats_on_stream": self.repeats,
                "acks": self.acks,
            },
            "partitions": [facts.to_json() for facts in self.partitions],
            "faults": {str(fault): self.problems.counts[fault] for fault in sorted(self.problems.counts)},
            "problems_listed_max": PROBLEMS_LISTED_MAX,
            "problems": [problem_to_json(problem) for problem in self.problems.listed],
        }


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A problem as plain values; what does not apply is null."""
    names = ("fault", "partition", "offset", "entry_id", "text")
    return {name: getattr(problem, name) for name in names}
