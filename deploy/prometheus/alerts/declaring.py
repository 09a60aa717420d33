"""What an alert is made of."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """page: wakes somebody, money stands still or may be wrong. ticket: is to be looked at on the next working day."""

    PAGE = "page"
    TICKET = "ticket"


class Board(StrEnum):
    """A Grafana board by its uid."""

    OVERVIEW = "asiento-overview"
    PIPELINE = "asiento-pipeline"
    LEDGERS = "asiento-ledgers"
    DISCREPANCIES = "asiento-discrepancies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One rule: what was seen. `expression` is PromQL that gives one series for each thing that is wrong.

    summary, summary_es: one sentence. first: what to do first. command: a command that shows it. All four may use `{{ $value }}` and
    `{{ $labels.NAME }}`. hold_seconds: how long it must be so before anybody hears of it.
    """

    word: str
    severity: Severity
    expression: str
    hold_seconds: int
    summary: str
    summary_es: str
    first: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A symptom with its runbook, the board that shows it, and its causes."""

    name: str
    board: Board
    causes: Sequence[Cause]

    @property
    def page(self) -> str:
        """The file name of its runbook, without folder: the name in lower case with hyphens."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", self.name).lower() + ".md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A figure that Prometheus works out once for several rules and boards."""

    name: str
    expression: str
