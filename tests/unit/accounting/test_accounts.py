"""Which account a fact goes to: the table of accounts of the accounting rules, row by row."""

import pytest

from asiento.accounting import accounts
from asiento.accounting.order_events import FeeAccountKind, TenderKind


@pytest.mark.parametrize(
    ("tender", "gateway", "store", "account"),
    [
        ("CARD", "stripe", None, "psp_clearing:stripe"),
        ("WALLET", "paypal", None, "psp_clearing:paypal"),
        ("OTHER", "x", None, "psp_clearing:x"),
        ("MARKETPLACE", "amazon", None, "marketplace_clearing:amazon"),
        ("CASH_ON_DELIVERY", "seur", None, "carrier_clearing:seur"),
        ("BANK_TRANSFER", "bbva", None, "bank_clearing:bbva"),
        ("BANK_TRANSFER", "", None, "bank_clearing:default"),
        ("CASH", "", "centro", "cash:centro"),
        ("CASH", "", None, "cash:default"),
        ("GIFT_CARD", "house", None, "gift_card_liability"),
        ("STORE_CREDIT", "house", None, "store_credit_liability"),
    ],
)
def test_money_of_a_tender_stands_on_its_account(tender: TenderKind, gateway: str, store: str | None, account: str) -> None:
    assert accounts.tender_account(tender, gateway, store) == account


@pytest.mark.parametrize(
    ("kind", "sold", "given_back"),
    [
        ("GOODS", "revenue:books", "sales_returns:books"),
        ("SERVICE", "revenue:books", "sales_returns:books"),
        ("GIFT_CARD", "gift_card_liability", "gift_card_liability"),
        ("SHIPPING", "shipping_revenue", "shipping_revenue"),
        ("FEE", "other_revenue", "other_revenue"),
        ("TIP", "tips_payable", "tips_payable"),
        ("DUTY", "duties_payable", "duties_payable"),
        ("DEPOSIT", "refundable_deposits", "refundable_deposits"),
        ("ROUNDING", "rounding", "rounding"),
    ],
)
def test_a_line_is_sold_and_given_back_on_its_accounts(kind: str, sold: str, given_back: str) -> None:
    assert (accounts.sales_account(kind, "books"), accounts.returns_account(kind, "books")) == (sold, given_back)


def test_a_tax_is_owed_by_its_liable_party() -> None:
    assert accounts.tax_account("ES", "VAT", "SELLER", "web") == "tax_payable:ES:VAT"
    assert accounts.tax_account("US-CA", "SALES", "MARKETPLACE", "amazon") == "facilitator_tax_clearing:amazon"


@pytest.mark.parametrize(
    ("kind", "expense", "clearing"),
    [
        ("PSP", "psp_fees", "psp_clearing:g"),
        ("MARKETPLACE", "marketplace_fees:ads", "marketplace_clearing:g"),
        ("CARRIER", "carrier_fees", "carrier_clearing:g"),
    ],
)
def test_a_fee_is_withheld_where_its_provider_holds_money(kind: FeeAccountKind, expense: str, clearing: str) -> None:
    assert (accounts.fee_account(kind, "ads"), accounts.clearing_account(kind, "g")) == (expense, clearing)


def test_units_that_come_back_go_where_their_disposition_says() -> None:
    where = {kind: accounts.returned_stock_account(kind, "W1") for kind in ("RESTOCK", "SCRAP", "UNKNOWN")}
    assert where == {"RESTOCK": "inventory:W1", "SCRAP": "inventory_write_off", "UNKNOWN": "inventory:quarantine"}


def test_the_customer_s_accounts_are_those_of_the_totals() -> None:
    assert {"accounts_receivable", "contract_liability", "refunds_payable", "dispute_losses"} == accounts.CUSTOMER_ACCOUNTS
