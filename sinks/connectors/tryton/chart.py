"""What a company has in Tryton, by the names that people use: accounts, journals, periods, customers. Read when needed, and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from sinks.connectors.tryton.client import TrytonClient
from sinks.connectors.tryton.values import Record, date_read, date_value
from sinks.external.port import ClosedPeriod, RemoteAccount
from sinks.external.results import NotSent

NEEDS_CUSTOMER: Final = ", customer"
"""End of the kind of an account whose lines must name a party."""
_ACCOUNT_FIELDS: Final = (
    "code",
    "name",
    "closed",
    "party_required",
    "start_date",
    "end_date",
    "second_currency.code",
    "type.statement",
    "type.receivable",
    "type.payable",
    "type.revenue",
    "type.expense",
)
_PERIOD_FIELDS: Final = ("name", "state", "start_date", "end_date")
_LAST_DAY: Final = "9999-12-31"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company that is booked to, and the currency of its books."""

    record: int
    name: str
    currency_record: int
    currency: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account. needs_party: each line names a customer; other accounts take none."""

    record: int
    code: str
    usable: bool
    needs_party: bool
    is_receivable: bool
    is_revenue: bool
    currency: str | None
    remote: RemoteAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One customer, and the address that invoices name; None where it has none."""

    record: int
    address: int | None


class NotInBooks(Exception):
    """Tryton has no such account, journal, customer or open period; `about` names it."""

    def __init__(self, about: str, message: str) -> None:
        super().__init__(message)
        self.about = about
        self.message = message


class NoOpenPeriod(NotInBooks):
    """The day lies in no period, or in a closed one."""


class ForeignCurrency(NotInBooks):
    """The currency is not that of the company's books."""


class NotSettled(NotInBooks):
    """What a document settles is not known to stand in Tryton."""


class Chart:
    """The company's names. `forget` makes it read everything again: after a refusal, or when people have changed something."""

    def __init__(self, client: TrytonClient, company_name: str | None) -> None:
        self._client = client
        self._company_name = company_name
        self._company: Company | None = None
        self._accounts: dict[str, list[Account]] = {}
        self._journals: dict[str, int] = {}
        self._parties: dict[str, Party] = {}
        self._taxes: dict[str, int] = {}
        self._open_periods: list[tuple[str, str, int]] = []

    def forget(self) -> None:
        """Forget all but the company."""
        self._accounts, self._journals, self._parties, self._taxes, self._open_periods = {}, {}, {}, {}, []

    async def company(self) -> Company:
        """The company of the connection. Raises `NotSent` where the key sees none, or several and none is chosen."""
        if self._company is None:
            found = await self._client.search("company.company", [], ["rec_name", "currency.code", "currency.digits"])
            wanted = [one for one in found if self._company_name in (None, str(one["id"]), one["rec_name"])]
            if len(wanted) != 1:
                names = ", ".join(f"{one['id']} ({one['rec_name']})" for one in found) or "none"
                raise NotSent(f"option company: Tryton shows these companies to this key: {names}; name one by its number or name")
            self._company = _company(wanted[0])
            self._client.context = {"company": self._company.record}
        return self._company

    async def require_currency(self, currency: str) -> None:
        """Raises `ForeignCurrency` for any other currency than that of the books."""
        company = await self.company()
        if currency != company.currency:
            raise ForeignCurrency(
                f"currency {currency}",
                f"{company.name} keeps its books in {company.currency} in Tryton, and nothing says at which rate {currency} is booked:"
                f" book {currency} in a company of Tryton that keeps it, by a connection of its own (docs/ledgers/tryton.md)",
            )

    async def accounts(self) -> Sequence[Account]:
        """The chart of accounts, headings included."""
        if not self._accounts:
            company = await self.company()
            for record in await self._client.search("account.account", [["company", "=", company.record]], _ACCOUNT_FIELDS):
                account = _account(record)
                self._accounts.setdefault(account.code, []).append(account)
        return [account for same in self._accounts.values() for account in same]

    async def account(self, code: str) -> Account:
        """The account of a code that takes bookings. Raises `NotInBooks` where there is none, or two."""
        await self.accounts()
        same = self._accounts.get(code, [])
        usable = [account for account in same if account.usable]
        if len(usable) == 1:
            return usable[0]
        if not same:
            raise NotInBooks(code, f"Tryton has no account {code}")
        if usable:
            raise NotInBooks(code, f"Tryton has {len(usable)} accounts with the code {code}: give them codes of their own")
        raise NotInBooks(code, f"account {code} of Tryton is a heading or closed: it takes no bookings")

    async def journal(self, code: str) -> int:
        """The record of a journal by its code. Raises `NotInBooks`."""
        if not self._journals:
            await self.company()
            self._journals = {str(one["code"]): int(one["id"]) for one in await self._client.search("account.journal", [], ["code"])}
        if code not in self._journals:
            raise NotInBooks(code, f"Tryton has no journal {code}; there are {', '.join(sorted(self._journals))}")
        return self._journals[code]

    async def party(self, name: str) -> Party:
        """A customer by its code, else by its whole name. Raises `NotInBooks` where there is none, or several."""
        if name not in self._parties:
            await self.company()
            found = await self._client.search("party.party", ["OR", ["code", "=", name], ["name", "=", name]], ["code", "addresses"])
            same = [one for one in found if one["code"] == name] or list(found)
            if len(same) != 1:
                said = "has no party with the code or name" if not same else f"has {len(same)} parties with the name"
                raise NotInBooks(name, f"Tryton {said} {name!r}: contacts of the mapping are codes of parties")
            addresses = same[0]["addresses"] or []
            self._parties[name] = Party(record=int(same[0]["id"]), address=int(addresses[0]) if addresses else None)
        return self._parties[name]

    async def tax(self, name: str) -> int:
        """The record of a tax by its name. Raises `NotInBooks` where there is none, or several."""
        if name not in self._taxes:
            company = await self.company()
            found = await self._client.search("account.tax", [["company", "=", company.record], ["name", "=", name]], ["name"])
            if len(found) != 1:
                raise NotInBooks(name, f"Tryton has {len(found) or 'no'} taxes with the name {name!r}: tax codes of the mapping are names")
            self._taxes[name] = int(found[0]["id"])
        return self._taxes[name]

    async def open_period(self, day: str) -> int:
        """The record of the period of a day. Raises `NoOpenPeriod`. Only open ones are remembered."""
        for start, end, record in self._open_periods:
            if start <= day <= end:
                return record
        for period in await self._periods([["start_date", "<=", date_value(day)], ["end_date", ">=", date_value(day)]]):
            start, end = _days(period)
            if period["state"] != "open":
                raise NoOpenPeriod(day, f"the period {period['name']} of Tryton is {period['state']}")
            self._open_periods.append((start, end, int(period["id"])))
            return int(period["id"])
        raise NoOpenPeriod(day, f"Tryton has no period for {day}: make its fiscal year")

    async def closed_periods(self) -> Sequence[ClosedPeriod]:
        """Periods that are not open, and the days that lie in none."""
        closed: list[ClosedPeriod] = []
        start: str | None = None
        for period in await self._periods([]):
            first, last = _days(period)
            if start is None or first > start:
                closed.append(ClosedPeriod(start=start, end=_day_after(first, -1), name="no fiscal year"))
            if period["state"] != "open":
                closed.append(ClosedPeriod(start=first, end=last, name=str(period["name"])))
            start = max(start or "", _day_after(last, 1))
        return [*closed, ClosedPeriod(start=start, end=_LAST_DAY, name="no fiscal year")]

    async def _periods(self, domain: Sequence[Any]) -> Sequence[Record]:
        company = await self.company()
        whole = [["fiscalyear.company", "=", company.record], ["type", "=", "standard"], *domain]
        return await self._client.search("account.period", whole, _PERIOD_FIELDS, order=[["start_date", "ASC"]])


def _company(record: Record) -> Company:
    currency = record["currency"]
    return Company(
        record=int(record["id"]),
        name=str(record["rec_name"]),
        currency_record=int(currency["id"]),
        currency=str(currency["code"]),
        decimals=int(currency["digits"]),
    )


def _account(record: Record) -> Account:
    code = str(record["code"] or f"#{record['id']}")
    kind = record["type"] or {}
    usable = bool(kind) and not record["closed"]
    receivable, needs_party = bool(kind.get("receivable")), bool(record["party_required"])
    currency = (record["second_currency"] or {}).get("code")
    return Account(
        record=int(record["id"]),
        code=code,
        usable=usable,
        needs_party=needs_party,
        is_receivable=receivable,
        is_revenue=bool(kind.get("revenue")),
        currency=currency,
        remote=RemoteAccount(
            code=code,
            name=str(record["name"]),
            kind=(_kind(kind) if kind else "heading") + (NEEDS_CUSTOMER if needs_party else ""),
            active=usable,
            currency=currency,
        ),
    )


def _kind(kind: Record) -> str:
    flags = ("receivable", "payable", "revenue", "expense")
    return next((flag for flag in flags if kind.get(flag)), str(kind.get("statement") or "other"))


def _days(period: Record) -> tuple[str, str]:
    return date_read(period["start_date"]) or "", date_read(period["end_date"]) or ""


def _day_after(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
