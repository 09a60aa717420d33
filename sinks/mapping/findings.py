"""What a check of a mapping finds: faults, which have to be mended, and notes, which are good to know."""

from dataclasses import dataclass
from enum import StrEnum


class FindingKind(StrEnum):
    """What can be found about the rules of a file that can be read."""

    NO_RULE = "no_rule"
    """A role of the program that no rule is for: its postings wait."""
    ENDS = "ends"
    """A role whose rules all end: what is posted later waits."""
    UNREACHABLE = "unreachable"
    """A rule that no posting can meet."""
    WRONG_LEDGER = "wrong_ledger"
    """The file is for another kind of ledger than the connection."""
    UNKNOWN_ACCOUNT = "unknown_account"
    INACTIVE_ACCOUNT = "inactive_account"
    ACCOUNT_CURRENCY = "account_currency"
    """The account is kept in another currency than the rule is for."""
    ACCOUNT_KIND = "account_kind"
    """The vendor does not take an account of this kind for what it is used for."""
    NO_ITEM = "no_item"
    """A line of invoices without the item that the ledger books it through."""
    MANUAL_ONLY = "manual_only"
    """A rule that only a manual journal can meet."""
    SOME_ONLY = "some_only"
    """A role of which only some qualifiers or conditions have a rule: others wait."""
    NO_CONTACT = "no_contact"
    """Entries whose documents would name no customer."""
    NOT_CHECKED = "not_checked"
    """What could not be checked, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One of them; `line` of the file where it is about a rule, `about` the role, account or condition it is about."""

    kind: FindingKind
    is_fault: bool
    about: str
    message: str
    line: int | None = None
