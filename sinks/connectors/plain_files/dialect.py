"""What two languages of plain-text accounting say differently; everything else about their books is the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

Facts: TypeAlias = Sequence[tuple[str, str]]
"""(name, value) of metadata, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartAccount:
    """An account that a file opens: from its day, until before its day, and in these currencies; None and empty = no bound."""

    name: str
    opened: str | None = None
    closed: str | None = None
    currencies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a file declares: accounts by name, and the decimals of currencies where the language declares those."""

    accounts: Mapping[str, ChartAccount] = field(default_factory=dict)
    currencies: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One posting as it stands in a file: the amount as its text."""

    account: str
    amount: str
    currency: str


class Dialect(Protocol):
    """One language; all texts end with a line end, and one written transaction has no empty line."""

    name: str
    suffix: str
    """Of its files, without the dot."""
    program: str
    """The command that checks a book."""
    reserved: frozenset[str]
    """Names that metadata of a posting may not have."""

    def check_command(self, program: Sequence[str], main: str) -> Sequence[str]:
        """The command that checks the book of a main file."""
        ...

    def account_problem(self, name: str) -> str | None:
        """Why a text is no name of an account; None = it is one."""
        ...

    def main_text(self, includes: Sequence[str]) -> str:
        """The file that includes the others."""
        ...

    def header(self) -> str:
        """The first lines of each file of transactions."""
        ...

    def chart_text(self, chart: Chart) -> str:
        """The file that declares accounts and currencies."""
        ...

    def read_chart(self, text: str) -> Chart:
        """What a file declares, ours or somebody's; its includes are not followed."""
        ...

    def first_line(self, date: str, reference: str, memo: str) -> str:
        """How a transaction begins."""
        ...

    def facts(self, facts: Facts) -> str:
        """Metadata of a transaction."""
        ...

    def leg(self, leg: Leg, facts: Facts) -> str:
        """One posting with its metadata."""
        ...

    def read_facts(self, text: str) -> Mapping[str, str]:
        """The metadata of a transaction as it was before it was written."""
        ...

    def read_legs(self, text: str) -> Sequence[Leg]:
        """The postings of a transaction."""
        ...
