"""What a comparison can find, as values."""

from dataclasses import dataclass
from enum import StrEnum


class Difference(StrEnum):
    """How a ledger outside and our books differ."""

    MISSING = "missing"
    """It was posted, and is not there (or does not count any more)."""
    DOUBLED = "doubled"
    """It stands there more than once."""
    AMOUNT = "amount"
    """It comes to another amount, or moves an account by another amount."""
    ACCOUNT = "account"
    """It moves other accounts by the same amounts."""
    DATE = "date"
    """It stands on another day."""
    EDITED = "edited"
    """Somebody changed it there; what is compared is the same."""
    FOREIGN = "foreign"
    """Made there by somebody, on accounts that we post to."""
    UNPOSTED = "unposted"
    """Booked in the embedded ledger, and not posted there (yet)."""
    BALANCE = "balance"
    """An account moved by an amount that no document explains."""


NOT_OUR_FAULT = frozenset({Difference.EDITED, Difference.FOREIGN})
"""Differences that leave our documents right: told, and no reason to fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference. Amounts in minor units; `correction` = what brings the ledger to our books, per account (debit positive)."""

    difference: Difference
    words: str
    currency: str
    key: str | None = None
    reference: str | None = None
    entry_ids: tuple[str, ...] = ()
    remote_id: str | None = None
    number: str | None = None
    account: str | None = None
    date: str | None = None
    expected: int | None = None
    actual: int | None = None
    correction: tuple[tuple[str, int], ...] = ()
