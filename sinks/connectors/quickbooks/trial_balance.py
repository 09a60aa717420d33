"""Balances out of QuickBooks' trial balance, which begins income and expenses anew every fiscal year: the years are added up again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from sinks.connectors.quickbooks.reading import account_subtype, account_type
from sinks.external.amounts import minor_units
from sinks.external.port import RemoteAccount

OF_THE_YEAR: Final = frozenset({"Income", "Other Income", "Expense", "Other Expense", "Cost of Goods Sold"})
"""Types of accounts whose balance goes to retained earnings when a fiscal year ends."""
RETAINED_EARNINGS: Final = "RetainedEarnings"
YEARS_MAX: Final = 40
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def fiscal_years(company: Mapping[str, Any], as_of: str) -> Sequence[tuple[str, str]]:
    """First and last day of each fiscal year of a company (its CompanyInfo) up to a day, the last one cut there; at most 40."""
    name = company.get("FiscalYearStartMonth", _MONTHS[0])
    month = _MONTHS.index(name) + 1 if name in _MONTHS else 1
    begun = str(company.get("CompanyStartDate") or as_of)[:10]
    return list(_years(month, min(begun, as_of), date.fromisoformat(as_of)))[-YEARS_MAX:]


def _years(month: int, begun: str, end: date) -> Iterator[tuple[str, str]]:
    day = date.fromisoformat(begun)
    first = date(day.year - (day.month < month), month, 1)
    while first <= end:
        following = date(first.year + 1, month, 1)
        yield first.isoformat(), min(following - timedelta(days=1), end).isoformat()
        first = following


def report_amounts(report: Mapping[str, Any], exponent: int) -> dict[str, int]:
    """Account -> signed minor units (debit positive) of one report."""
    found: dict[str, int] = {}
    for row in (report.get("Rows") or {}).get("Row", ()):
        cells = list(row.get("ColData") or [])
        if len(cells) == 3 and cells[0].get("id"):
            account = str(cells[0]["id"])
            found[account] = found.get(account, 0) + _amount(cells[1], exponent) - _amount(cells[2], exponent)
    return found


def since_ever(reports: Sequence[Mapping[str, int]], accounts: Iterable[RemoteAccount]) -> dict[str, int]:
    """The balances at the end of the last of these fiscal years as if none had ever been closed."""
    known = list(accounts)
    of_the_year = {account.code for account in known if account_type(account) in OF_THE_YEAR}
    found = dict(reports[-1])
    closed = 0
    for report in reports[:-1]:
        for code, amount in report.items():
            if code in of_the_year:
                found[code] = found.get(code, 0) + amount
                closed += amount
    for account in known:
        if account_subtype(account) == RETAINED_EARNINGS and closed:
            found[account.code] = found.get(account.code, 0) - closed
            break
    return found


def _amount(cell: Mapping[str, Any], exponent: int) -> int:
    return minor_units(str(cell.get("value") or 0).replace(",", ""), exponent)
