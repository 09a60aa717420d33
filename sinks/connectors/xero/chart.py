"""Xero's chart of accounts: what may be booked where, and the balances of its trial balance."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sinks.connectors.xero.answers import amount
from sinks.external.capabilities import AccountUse
from sinks.external.port import RemoteAccount

SYSTEM: Final = "system:"
PAYMENTS: Final = "payments"
DEBTORS: Final = "DEBTORS"
SALES_TAX: Final = "GST"
RETAINED_EARNINGS: Final = "RETAINEDEARNINGS"
KEPT_BY_XERO: Final = frozenset(
    {DEBTORS, "CREDITORS", "BANKCURRENCYGAIN", "REALISEDCURRENCYGAIN", "UNREALISEDCURRENCYGAIN", "TRACKINGTRANSFERS", "UNPAIDEXPCLM"}
)
"""System accounts that only Xero's own documents book to."""
_YEARLY: Final = frozenset({"REVENUE", "EXPENSE"})
"""Classes of accounts that a trial balance shows since the start of the financial year."""
_CODE_IN_NAME: Final = re.compile(r"\(([^()]{1,50})\)\s*$")
_DEBIT: Final = "YTD Debit"
_CREDIT: Final = "YTD Credit"


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of one organization as `GET /Accounts` shows them."""

    rows: tuple[Mapping[str, Any], ...]

    def accounts(self) -> Iterator[RemoteAccount]:
        """The accounts as mappings name them; `kind` is Xero's type, its system account, and whether payments may name it."""
        for row in self.rows:
            yield RemoteAccount(
                code=_code(row),
                name=str(row.get("Name") or ""),
                kind=" ".join(_kind(row)),
                active=row.get("Status", "ACTIVE") == "ACTIVE",
                currency=str(row["CurrencyCode"]) if row.get("CurrencyCode") else None,
            )

    def codes(self) -> dict[str, str]:
        """Account id -> code."""
        return {str(row["AccountID"]): _code(row) for row in self.rows if row.get("AccountID")}

    def system(self, name: str) -> str | None:
        """The code of a system account."""
        return next((_code(row) for row in self.rows if row.get("SystemAccount") == name), None)

    def yearly(self) -> frozenset[str]:
        """Codes of income and expense accounts."""
        return frozenset(_code(row) for row in self.rows if row.get("Class") in _YEARLY)


def account_problem(account: RemoteAccount, use: AccountUse) -> str | None:
    """Why Xero does not take an account of this kind for this use; None = it does."""
    kind, *words = account.kind.split(" ")
    system = next((word.removeprefix(SYSTEM) for word in words if word.startswith(SYSTEM)), None)
    if use is AccountUse.RECEIVABLE:
        return None if system == DEBTORS else "Xero books invoices to its own Accounts Receivable account; name that one"
    if system in KEPT_BY_XERO:
        return f"only Xero's own documents book to its system account {account.name}; name an ordinary account"
    if use is AccountUse.PAYMENT:
        if kind == "BANK" or PAYMENTS in words:
            return None
        return "payments may name bank accounts and accounts with 'Enable payments to this account' only; tick that in Xero"
    if kind == "BANK":
        return "journals and lines of documents may not name a bank account; name a clearing account (a current asset)"
    return None


def trial_balance(report: Mapping[str, Any], codes: Mapping[str, str], currency: str) -> dict[str, int]:
    """Account code -> signed minor units of a trial balance report, year to date."""
    reports = report.get("Reports") or [{}]
    titles: list[str] = []
    balances: dict[str, int] = {}
    for row in _rows(reports[0].get("Rows") or ()):
        cells = [cell for cell in row.get("Cells") or () if isinstance(cell, dict)]
        if row.get("RowType") == "Header":
            titles = [str(cell.get("Value") or "") for cell in cells]
        elif row.get("RowType") == "Row" and len(cells) == len(titles) and cells:
            shown = dict(zip(titles, (cell.get("Value") for cell in cells), strict=True))
            code = _account_of(cells[0], codes)
            value = amount(shown.get(_DEBIT), currency) - amount(shown.get(_CREDIT), currency)
            balances[code] = balances.get(code, 0) + value
    return balances


def _rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for row in rows:
        yield row
        yield from _rows(row.get("Rows") or ())


def _account_of(cell: Mapping[str, Any], codes: Mapping[str, str]) -> str:
    for attribute in cell.get("Attributes") or ():
        if attribute.get("Id") == "account" and str(attribute.get("Value")) in codes:
            return codes[str(attribute["Value"])]
    name = str(cell.get("Value") or "")
    found = _CODE_IN_NAME.search(name)
    return found[1] if found else name


def _code(row: Mapping[str, Any]) -> str:
    return str(row.get("Code") or row.get("AccountID") or "")


def _kind(row: Mapping[str, Any]) -> Iterator[str]:
    yield str(row.get("Type") or "")
    if row.get("SystemAccount"):
        yield SYSTEM + str(row["SystemAccount"])
    if row.get("EnablePaymentsToAccount") is True:
        yield PAYMENTS
