"""The company's books as Odoo has them: currency, lock dates, journal, accounts. Read once, and again when asked to forget."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.odoo.client import OdooClient, Record
from sinks.external.documents import LedgerDocument
from sinks.external.port import ClosedPeriod, RemoteAccount
from sinks.external.results import NotSent, Refusal, Refused

LOCKS: Final[Mapping[str, str]] = {"fiscalyear_lock_date": "global lock date", "hard_lock_date": "hard lock date"}
"""The lock dates that hold for every entry; those of taxes, sales and purchases hold for their own journals."""
_ACCOUNT_FIELDS: Final = ("code", "name", "account_type", "active", "currency_id")


class NotInBooks(Exception):
    """A document names what the books have not, or a day that they do not take."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The company: ISO currency, its decimals, what is locked."""

    currency: str
    closed: tuple[ClosedPeriod, ...]

    @property
    def exponent(self) -> int:
        """Decimals of the currency."""
        return CURRENCY_EXPONENTS[self.currency]


class Books:
    """What entries name. Every reading method raises `CallFailed`."""

    def __init__(self, client: OdooClient, journal: str) -> None:
        self._client = client
        self._journal_code = journal
        self._company: Company | None = None
        self._journal: int | None = None
        self._accounts: dict[str, Record] = {}

    def forget(self) -> None:
        """Somebody may have changed them: all is read again."""
        self._company = None
        self._journal = None
        self._accounts.clear()

    async def company(self) -> Company:
        """The company."""
        if self._company is None:
            number = self._client.place.company
            found = await self._client.search("res.company", [["id", "=", number]], ["currency_id", *LOCKS])
            if not found:
                raise NotSent(f"Odoo has no company {number} that the key's user sees: look at the option company")
            currency = str(found[0]["currency_id"][1])
            if currency not in CURRENCY_EXPONENTS:
                raise NotSent(f"Odoo's company {number} keeps its books in {currency}, which is no currency of ISO 4217")
            closed = [ClosedPeriod(start=None, end=found[0][field], name=name) for field, name in LOCKS.items() if found[0][field]]
            self._company = Company(currency=currency, closed=tuple(closed))
        return self._company

    async def journal(self) -> int:
        """The number of the journal. Raises `NotInBooks`."""
        if self._journal is None:
            domain = [["code", "=", self._journal_code], ["company_id", "=", self._client.place.company]]
            found = await self._client.search("account.journal", domain, ["code"], limit=1)
            if not found:
                message = f"Odoo has no journal {self._journal_code}: look at the option journal"
                raise NotInBooks(_unmapped(message, f"journal {self._journal_code}"))
            self._journal = int(found[0]["id"])
        return self._journal

    async def accounts(self, codes: Collection[str] | None = None) -> Mapping[str, Record]:
        """Accounts by code: those of these codes, or all of them."""
        wanted = None if codes is None else sorted(set(codes) - self._accounts.keys())
        if wanted is None or wanted:
            domain = [] if wanted is None else [["code", "in", wanted]]
            found = await self._client.all_of("account.account", domain, _ACCOUNT_FIELDS)
            self._accounts |= {str(record["code"]): record for record in found if record["code"]}
        return self._accounts

    async def require(self, document: LedgerDocument) -> None:
        """Raises `NotInBooks` for a document in another currency, of a locked day, or on an account that is not there or archived."""
        company = await self.company()
        if document.currency != company.currency:
            message = (
                f"Odoo's company keeps its books in {company.currency} and entries say no rate: {document.currency} needs its own company"
            )
            raise NotInBooks(_unmapped(message, document.currency))
        holding = [period for period in company.closed if document.date <= period.end]
        if holding:
            message = f"{document.date} is not after the {holding[0].name} of Odoo's company, {holding[0].end}"
            raise NotInBooks(Refused(refusal=Refusal.PERIOD_CLOSED, code="locked", message=message, about=document.date))
        known = await self.accounts({line.account for line in document.lines})
        for line in document.lines:
            if line.account not in known or not known[line.account]["active"]:
                message = f"Odoo's chart of accounts has no account {line.account}, or it is archived"
                raise NotInBooks(_unmapped(message, line.account))


def remote_account(record: Record) -> RemoteAccount:
    """An account of the chart."""
    return RemoteAccount(
        code=str(record["code"]),
        name=str(record["name"]),
        kind=str(record["account_type"]),
        active=bool(record["active"]),
        currency=str(record["currency_id"][1]) if record["currency_id"] else None,
    )


def _unmapped(message: str, about: str) -> Refused:
    return Refused(refusal=Refusal.MAPPING, code="unknown_name", message=message, about=about)
