"""What the planner asks of a mapping: where a posting goes in one ledger."""

from dataclasses import dataclass
from typing import Protocol

from asiento.accounting.journal import JournalEntry, Posting


class Unmapped(Exception):
    """No rule says where a posting goes; `about` names what a rule is missing for, and is the same for all that wait for that rule."""

    def __init__(self, about: str, message: str) -> None:
        super().__init__(message)
        self.about = about


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a posting goes. tax_code: the ledger's code under which it books such a tax itself on documents; None = an ordinary line."""

    account: str
    tax_code: str | None = None
    item: str | None = None
    contact: str | None = None


class Mapping(Protocol):
    """The rules of one ledger."""

    @property
    def digest(self) -> str:
        """Changes whenever a rule does."""
        ...

    def target(self, entry: JournalEntry, posting: Posting) -> Target:
        """The target of a posting on its entry's posting date. Raises `Unmapped`."""
        ...

    def contact(self, entry: JournalEntry) -> str:
        """The customer that documents of this entry name. Raises `Unmapped`."""
        ...
