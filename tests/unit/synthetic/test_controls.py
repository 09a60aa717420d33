"""A comparison that cannot fail proves nothing: every kind of difference is named."""

import pytest

from sources.synthetic.controls import Controls, CurrencyControls, compare, flows_of


@pytest.fixture
def controls() -> Controls:
    return Controls(
        tenant="t",
        seed=1,
        orders=1,
        currencies={"EUR": CurrencyControls(exponent=2, figures={"captured": 1234}, balances={"psp_clearing:x": 1234})},
        counts={"posted": 2, "duplicate": 1},
        counts_of_file={"posted": 2, "duplicate": 1},
        counts_when_played_again={"duplicate": 3},
    )


BALANCE = {"EUR": {"psp_clearing:x": 1234}}
FLOWS = {"EUR": {"captured": 1234}}
COUNTS = {"posted": 2, "duplicate": 1}


def test_equal_books_have_no_differences(controls: Controls) -> None:
    assert compare(controls, BALANCE, COUNTS, FLOWS) == []
    assert compare(controls, BALANCE, {"duplicate": 3}, FLOWS, played_again=True) == []


def test_an_amount_that_differs_by_one_is_named(controls: Controls) -> None:
    found = compare(controls, {"EUR": {"psp_clearing:x": 1233}}, COUNTS, FLOWS)
    assert found == ["EUR balance of psp_clearing:x: intended 12.34, the books show 12.33 (difference -0.01)"]


def test_an_account_nobody_meant_is_named(controls: Controls) -> None:
    found = compare(controls, {"EUR": {**BALANCE["EUR"], "suspense": 5}}, COUNTS, FLOWS)
    assert found == ["EUR balance of suspense: intended 0.00, the books show 0.05 (difference 0.05)"]


def test_a_missing_and_a_foreign_currency_are_named(controls: Controls) -> None:
    found = compare(controls, {"USD": {"x": 1}}, COUNTS, FLOWS)
    assert [line.split(":")[0] for line in found] == ["EUR balance of psp_clearing", "USD balance of x"]


def test_a_flow_that_differs_is_named(controls: Controls) -> None:
    assert compare(controls, BALANCE, COUNTS, {}) == ["EUR captured: intended 12.34, the books show 0.00 (difference -12.34)"]


def test_counts_that_differ_are_named(controls: Controls) -> None:
    found = compare(controls, BALANCE, {"posted": 1, "duplicate": 1, "deferred": 1}, FLOWS)
    assert found == ["records deferred: intended 0, found 1", "records posted: intended 2, found 1"]


def test_flows_are_read_from_entries_without_the_customers_balances() -> None:
    def leg(account: str, side: str, amount: int) -> dict[str, object]:
        return {"account": account, "side": side, "amount": amount}

    entries = [
        {
            "currency": "EUR",
            "entry_kind": "capture",
            "postings": [leg("psp_clearing:x", "DEBIT", 9), leg("contract_liability", "CREDIT", 9)],
        },
        {
            "currency": "EUR",
            "entry_kind": "invoice",
            "postings": [
                leg("accounts_receivable", "DEBIT", 9),
                leg("sales_discounts", "DEBIT", 1),
                leg("revenue:a", "CREDIT", 8),
                leg("tax_payable:ES:VAT", "CREDIT", 2),
            ],
        },
    ]
    assert flows_of(entries) == {"EUR": {"captured": 9, "invoiced net": 7, "invoiced tax, tax_payable:ES:VAT": 2}}
