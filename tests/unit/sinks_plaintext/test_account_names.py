"""Account names: valid everywhere, and the way back is exact."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.plaintext.account_names import account_name, account_of_name

COMPONENT = re.compile(r"[A-Z0-9][A-Za-z0-9-]*")


@pytest.mark.parametrize(
    ("account", "name"),
    [
        ("psp_clearing:stripe", "Assets:PspClearing:Stripe"),
        ("psp_clearing:shopify_payments", "Assets:PspClearing:ShopifyPayments"),
        ("tax_payable:US-CA:SALES", "Liabilities:TaxPayable:US-CA:SALES"),
        ("revenue:sales", "Income:Revenue:Sales"),
        ("inventory:24826418", "Assets:Inventory:24826418"),
        ("psp_fees", "Expenses:PspFees"),
        ("cash:León 2", "Assets:Cash:Xx-Le-c3-b3n-202"),
        ("revenue:Stripe", "Income:Revenue:Xx-Stripe"),
        ("something_new:m_x", "Equity:SomethingNew:Xx-m-5fx"),
        ("psp_clearing:", "Assets:PspClearing:Xx-"),
    ],
)
def test_names(account: str, name: str) -> None:
    assert account_name(account) == name
    assert account_of_name(name) == account


QUALIFIERS = st.text(st.characters(exclude_characters=":", exclude_categories=["Cs"]), max_size=12) | st.from_regex(
    r"[A-Za-z0-9_-]{0,8}", fullmatch=True
)


@given(st.lists(QUALIFIERS, max_size=3))
def test_every_account_has_a_valid_name_of_its_own(qualifiers: list[str]) -> None:
    account = ":".join(["tax_payable", *qualifiers])
    name = account_name(account)
    assert all(COMPONENT.fullmatch(component) for component in name.split(":"))
    assert account_of_name(name) == account


@given(QUALIFIERS, QUALIFIERS)
def test_two_accounts_never_share_a_name(one: str, other: str) -> None:
    assert (account_name(f"cash:{one}") == account_name(f"cash:{other}")) == (one == other)
