"""What each account of the ledger holds, per currency."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sinks.ledger_access import reader_at


@dataclass(frozen=True, slots=True)
class CurrencyBalances:
    """One currency's accounts: signed minor units, debit positive, ordered by account; `exponent` decimals."""

    currency: str
    exponent: int
    accounts: Mapping[str, int]

    @property
    def debits(self) -> int:
        """The debit column's total."""
        return sum(amount for amount in self.accounts.values() if amount > 0)

    @property
    def credits(self) -> int:
        """The credit column's total."""
        return -sum(amount for amount in self.accounts.values() if amount < 0)

    @property
    def balanced(self) -> bool:
        """Whether both columns are equal, as they must be."""
        return self.debits == self.credits


def currency_balances(ledger_url: str, as_of: str | None = None) -> tuple[CurrencyBalances, ...]:
    """Every account ever posted to, accounts at 0 included, up to and including the posting date `as_of` (YYYY-MM-DD).

    Raises `LedgerError`.
    """
    with reader_at(ledger_url) as reader:
        return balances_of(reader.balances(as_of))


def balances_of(rows: Iterable[tuple[str, int, str, int]]) -> tuple[CurrencyBalances, ...]:
    """The rows of `LedgerReader.balances` by currency."""
    found: dict[tuple[str, int], dict[str, int]] = {}
    for currency, exponent, account, amount in rows:
        found.setdefault((currency, exponent), {})[account] = amount
    return tuple(CurrencyBalances(currency, exponent, accounts) for (currency, exponent), accounts in sorted(found.items()))


def read_trial_balance(ledger_url: str, as_of: str | None = None) -> dict[str, dict[str, int]]:
    """{currency: {account: signed minor units}}, debit positive; raises `LedgerError`."""
    return {item.currency: dict(item.accounts) for item in currency_balances(ledger_url, as_of)}
