"""Trial balances that begin anew every fiscal year, added up."""

from sinks.connectors.quickbooks.reading import account_in
from sinks.connectors.quickbooks.trial_balance import fiscal_years, report_amounts, since_ever

ACCOUNTS = [
    account_in({"Id": one, "Name": one, "AccountType": kind, "AccountSubType": subtype})
    for one, kind, subtype in (("1", "Bank", "Checking"), ("2", "Income", "Sales"), ("3", "Equity", "RetainedEarnings"))
]


def test_fiscal_years_begin_in_their_month() -> None:
    company = {"FiscalYearStartMonth": "April", "CompanyStartDate": "2024-02-10"}
    assert fiscal_years(company, "2025-05-01") == [("2023-04-01", "2024-03-31"), ("2024-04-01", "2025-03-31"), ("2025-04-01", "2025-05-01")]
    assert fiscal_years({}, "2025-05-01") == [("2025-01-01", "2025-05-01")]
    assert len(fiscal_years({"CompanyStartDate": "1900-01-01"}, "2025-05-01")) == 40


def test_the_figures_of_a_report() -> None:
    rows = [
        {"ColData": [{"value": "Bank", "id": "1"}, {"value": "1,201.50"}, {"value": ""}]},
        {"ColData": [{"value": "Sales", "id": "2"}, {"value": ""}, {"value": "1201.50"}]},
        {"Summary": {"ColData": [{"value": "TOTAL"}, {"value": "1201.50"}, {"value": "1201.50"}]}, "type": "Section"},
    ]
    assert report_amounts({"Rows": {"Row": rows}}, 2) == {"1": 120150, "2": -120150}
    assert report_amounts({"Rows": {}}, 2) == {}


def test_closed_years_are_opened_again() -> None:
    first, second = {"1": 100, "2": -100}, {"1": 150, "2": -50, "3": -100}
    assert since_ever([first, second], ACCOUNTS) == {"1": 150, "2": -150, "3": 0}
    assert since_ever([first], ACCOUNTS) == first
