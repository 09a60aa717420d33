"""A mapping for planner tests: one account per role, made up from its name."""

from collections.abc import Callable
from collections.abc import Mapping as Values
from dataclasses import dataclass, field

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.targets import Target, Unmapped


@dataclass(frozen=True)
class Rules:
    """Roles go to an account of their own name; `targets` and `per_role` say otherwise, roles in `missing` have no rule."""

    per_role: Callable[[str], Target] | None = None
    targets: Values[str, Target] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()
    digest: str = "rules"

    def target(self, entry: JournalEntry, posting: Posting) -> Target:
        """The target of a role, whatever the entry."""
        if posting.account in self.missing:
            raise Unmapped(posting.account, f"no rule maps {posting.account} of entry {entry.entry_id}")
        if posting.account in self.targets:
            return self.targets[posting.account]
        if self.per_role is not None:
            return self.per_role(posting.account)
        return Target(account=posting.account.upper(), contact="CUSTOMERS" if posting.account == "accounts_receivable" else None)

    def contact(self, entry: JournalEntry) -> str:
        """One customer per channel."""
        return f"Customers of {entry.channel}"
