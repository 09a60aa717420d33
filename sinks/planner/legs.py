"""Postings of an entry with where they go in the ledger."""

from dataclasses import dataclass

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.documents import LedgerLine
from sinks.external.targets import Mapping, Target

RECEIVABLE = "accounts_receivable"
"""The role of the customer's account: the only one whose open amounts a ledger keeps per document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One posting: `place` in its entry, minor units (debit positive), and its target in the ledger."""

    place: int
    posting: Posting
    amount: int
    target: Target

    @property
    def is_receivable(self) -> bool:
        """Whether it moves the customer's account."""
        return self.posting.account == RECEIVABLE


def legs_of(entry: JournalEntry, mapping: Mapping) -> tuple[Leg, ...]:
    """All postings in their order. Raises `Unmapped`."""
    return tuple(
        Leg(
            place=place,
            posting=posting,
            amount=posting.amount if posting.side == "DEBIT" else -posting.amount,
            target=mapping.target(entry, posting),
        )
        for place, posting in enumerate(entry.postings)
    )


def journal_line(leg: Leg, amount: int) -> LedgerLine:
    """A leg, or a part of it, as a line of a journal: taxes stand on their account, receivables name the customer."""
    return LedgerLine(
        account=leg.target.account,
        role=leg.posting.account,
        amount=amount,
        description=described(leg.posting),
        dimensions=leg.posting.dimensions,
        contact=leg.target.contact if leg.is_receivable else None,
    )


def described(posting: Posting) -> str:
    """A posting in words: its role, and of a tax its code and rate."""
    said = dict(posting.dimensions)
    return " ".join([posting.account, *(said[name] for name in ("tax_code", "tax_rate") if said.get(name))])
