"""What a connection to QuickBooks may say."""

import pytest

from asiento.runtime.settings import SettingsError
from sinks.connectors.quickbooks.company import SalesTax, company_of
from sinks.external.connections import Connection


def connection(**options: str) -> Connection:
    """A connection with these options."""
    return Connection(name="qbo", kind="quickbooks", options=options)


def test_a_company_in_the_us() -> None:
    found = company_of(connection(realm_id="12", home_currency="USD"))
    assert (found.sales_tax, found.no_tax_code, found.multicurrency) == (SalesTax.US, "NON", False)


def test_a_company_elsewhere() -> None:
    found = company_of(connection(realm_id="12", home_currency="GBP", sales_tax="global", multicurrency="yes"))
    assert (found.sales_tax, found.no_tax_code, found.multicurrency) == (SalesTax.GLOBAL, None, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"home_currency": "USD"}, "realm_id is missing"),
        ({"realm_id": "12"}, "home_currency is missing"),
        ({"realm_id": "../12", "home_currency": "USD"}, "digits"),
        ({"realm_id": "12", "home_currency": "dollar"}, "ISO 4217"),
        ({"realm_id": "12", "home_currency": "USD", "sales_tax": "eu"}, "one of us, global"),
        ({"realm_id": "12", "home_currency": "USD", "multicurrency": "true"}, "one of yes, no"),
        ({"realm_id": "12", "home_currency": "USD", "realm": "12"}, "realm is no option"),
    ],
)
def test_options_that_cannot_be_say_where(options: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError, match=rf"connections\.qbo\.options\..*{words}"):
        company_of(connection(**options))
