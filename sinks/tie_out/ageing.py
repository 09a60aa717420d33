"""How old the balances of accounts are that must come to rest: first in, first out, by day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Final, Literal, TypeAlias

from sinks.tie_out.totals import CellKey, Movement

Sign: TypeAlias = Literal["debit", "credit", "either"]

SIDES: Final[Mapping[str, Sign]] = {
    "accounts_receivable": "debit",
    "contract_liability": "credit",
    "refunds_payable": "credit",
    "psp_clearing": "debit",
    "marketplace_clearing": "debit",
    "carrier_clearing": "debit",
    "bank_clearing": "debit",
    "facilitator_tax_clearing": "either",
    "dispute_receivable": "debit",
    "suspense": "either",
}
"""`RESTING_ROLES` -> the side on which the balance may stand until it has come to rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingBalance:
    """What an account holds. minor units, debit positive; oldest_day: the day of the oldest part that is not used up, None at 0."""

    legal_entity: str
    account: str
    currency: str
    balance: int
    oldest_day: str | None

    @property
    def role(self) -> str:
        """The account without its qualifiers."""
        return self.account.partition(":")[0]

    def age_days(self, today: date) -> int:
        """Days since the oldest part came, 0 where there is none or its day is no date."""
        try:
            return 0 if self.oldest_day is None else max(0, (today - date.fromisoformat(self.oldest_day)).days)
        except ValueError:
            return 0

    @property
    def wrong_sign(self) -> bool:
        """Whether it stands on the side where it can never be."""
        sign = SIDES.get(self.role, "either")
        return (sign == "debit" and self.balance < 0) or (sign == "credit" and self.balance > 0)


def standing_balances(cells: Mapping[CellKey, Movement]) -> tuple[StandingBalance, ...]:
    """The balances of all accounts of these roles, those at 0 included; ordered by account, currency and entity."""
    days: dict[tuple[str, str, str], dict[str, Movement]] = {}
    for (entity, day, account, currency), movement in cells.items():
        if account.partition(":")[0] in SIDES:
            days.setdefault((account, currency, entity), {})[day] = movement
    return tuple(_standing(*key, of_account) for key, of_account in sorted(days.items()))


def _standing(account: str, currency: str, entity: str, days: Mapping[str, Movement]) -> StandingBalance:
    balance = sum(movement.balance for movement in days.values())
    return StandingBalance(
        legal_entity=entity, account=account, currency=currency, balance=balance, oldest_day=_oldest(balance, days) if balance else None
    )


def _oldest(balance: int, days: Mapping[str, Movement]) -> str:
    """What came first was used first: the newest days whose sums make up the balance are what is left."""
    newest_first = sorted(days, reverse=True)
    came = accumulate(days[day].debits if balance > 0 else days[day].credits for day in newest_first)
    return next((day for day, total in zip(newest_first, came, strict=True) if total >= abs(balance)), newest_first[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A balance that should have come to rest: too old (days_max says how old it may be), or on the wrong side."""

    standing: StandingBalance
    reason: Literal["too_old", "wrong_sign"]
    days: int
    days_max: int


def overdue(standing: Collection[StandingBalance], days_max: Mapping[str, int], today: date) -> tuple[Overdue, ...]:
    """The balances of the roles in `days_max` that are so many days old or older, or on the wrong side."""
    found = []
    for one in standing:
        limit = days_max.get(one.role)
        if limit is None or not one.balance:
            continue
        days = one.age_days(today)
        if one.wrong_sign or days >= limit:
            found.append(Overdue(standing=one, reason="wrong_sign" if one.wrong_sign else "too_old", days=days, days_max=limit))
    return tuple(found)
