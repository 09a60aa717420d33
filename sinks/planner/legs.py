"""Postings of an entry with where they go in the ledger."""

from dataclasses import dataclass, replace

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


def legs_of(entry: JournalEntry, mapping: Mapping, *, names_customer: bool = False) -> tuple[Leg, ...]:
    """All postings in their order; names_customer: those on the customer's account say whose it is. Raises `Unmapped`."""
    return tuple(
        Leg(
            place=place,
            posting=posting,
            amount=posting.amount if posting.side == "DEBIT" else -posting.amount,
            target=_target(entry, posting, mapping, names_customer=names_customer),
        )
        for place, posting in enumerate(entry.postings)
    )


def _target(entry: JournalEntry, posting: Posting, mapping: Mapping, *, names_customer: bool) -> Target:
    target = mapping.target(entry, posting)
    if names_customer and posting.account == RECEIVABLE and target.contact is None:
        return replace(target, contact=mapping.contact(entry))
    return target


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
