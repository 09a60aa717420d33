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
    "unprotected",
    "ledger_offset",
    "stream_altered",
    "stream_doubled",
    "stream_unreadable",
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
FAULTS: tuple[str, ...] = get_args(Fault)
"""missing: on the stream, should be booked, is not | extra: booked, not on the stream | doubled: booked more than once |
altered: booked otherwise than it stands on the stream | unbalanced: legs missing or not adding up | ownerless: postings or
documents without an entry | unprotected: a trigger or index of the ledger is gone | ledger_offset: the ledger claims more than
the stream has | stream_*: faults of the entries topic itself | gap, overlap: decision ranges that do not join | undecided:
a consumed record without an outcome | decided_twice, decided_nothing, healed_nothing: outcomes without their record |
committed_offset: the worker's position is no end of a decided range | entry_absent: named by a decision, not on the stream |
entry_not_named: on the stream, named by no decision."""

PROBLEMS_LISTED_MAX = 1_000
"""Problems kept in full; the rest are only counted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be; `text` says what and where."""

    fault: Fault
    text: str


@dataclass(slots=True)
class Problems:
    """Collects problems: all are counted, the first `PROBLEMS_LISTED_MAX` kept."""

    listed: list[Problem] = field(default_factory=list)
    counts: Counter[Fault] = field(default_factory=Counter)

    def add(self, fault: Fault, text: str) -> None:
        """Note one problem."""
        self.counts[fault] += 1
        if len(self.listed) < PROBLEMS_LISTED_MAX:
            self.listed.append(Problem(fault, text))

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
class Report:
    """The answer of `verify`: entries are counted once per id, records by their offset on the log.

    `pending` entries lie behind the ledger's stored offset and will be booked; `lag` source offsets are not consumed yet.
    """

    entries_on_stream: int
    entries_booked: int
    pending: int
    repeats: int
    consumed: int
    outcomes: Mapping[str, int]
    lag: int
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
            },
            "faults": {str(fault): self.problems.counts[fault] for fault in sorted(self.problems.counts)},
            "problems": [{"fault": problem.fault, "text": problem.text} for problem in self.problems.listed],
        }
