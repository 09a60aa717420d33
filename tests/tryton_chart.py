"""The books that tests have in a real Tryton: one account for each role of ours, in a company that keeps its books in euros."""

from typing import Any, Final

COMPANY: Final = "Acme Commerce"
CURRENCY: Final = "EUR"
YEARS: Final = (2025, 2026, 2027)
CLOSED_PERIOD: Final = "2025-01"
CLOSED_DAY: Final = "2025-01-15"
CONTACT: Final = "C-1"
"""The code of the customer that all documents name."""
HEADING: Final = "1.5.0"
"""An account that takes no bookings."""
SECOND_CONTACT: Final = "C-2"

ACCOUNT_OF_ROLE: Final = {
    "accounts_receivable": "1.2.1",
    "cash": "1.1.1",
    "psp_clearing": "1160",
    "marketplace_clearing": "1161",
    "carrier_clearing": "1162",
    "bank_clearing": "1163",
    "dispute_receivable": "1170",
    "tax_receivable": "1480",
    "withholding_receivable": "1490",
    "inventory": "1300",
    "contract_liability": "2220",
    "refunds_payable": "2230",
    "gift_card_liability": "2240",
    "store_credit_liability": "2250",
    "tips_payable": "2260",
    "duties_payable": "2265",
    "refundable_deposits": "2270",
    "tax_payable": "2280",
    "facilitator_tax_clearing": "2285",
    "suspense": "2290",
    "revenue": "4000",
    "shipping_revenue": "4010",
    "other_revenue": "4020",
    "return_fee_income": "4030",
    "sales_discounts": "4100",
    "sales_returns": "4110",
    "sales_allowances": "4120",
    "cogs": "5000",
    "inventory_write_off": "5010",
    "psp_fees": "5100",
    "marketplace_fees": "5110",
    "carrier_fees": "5120",
    "dispute_fees": "5130",
    "dispute_losses": "5140",
    "bad_debt": "5150",
    "rounding": "5160",
    "other": "5900",
}
"""Role without its qualifier -> account code; `other` is for whatever else entries name."""
_LIKE: Final = (
    ("116", "1.1.4"),
    ("117", "1.1.4"),
    ("148", "1.1.4"),
    ("149", "1.1.4"),
    ("13", "1.3.4"),
    ("222", "2.2.2"),
    ("2", "2.3.7"),
    ("40", "4.1.1"),
    ("41", "4.3.1"),
    ("50", "5.2.1"),
    ("5", "5.2.2"),
)
"""Beginning of a code -> the account of the universal chart whose type it has."""


def account_of(role: str) -> str:
    """The account of a role with its qualifiers (`psp_clearing:stripe`)."""
    return ACCOUNT_OF_ROLE.get(role.partition(":")[0], ACCOUNT_OF_ROLE["other"])


def wishes() -> dict[str, Any]:
    """What `tryton_books.py` is told."""
    own = {code: role for role, code in ACCOUNT_OF_ROLE.items() if "." not in code}
    return {
        "company": COMPANY,
        "currency": CURRENCY,
        "currencies": [["EUR", 2], ["USD", 2], ["JPY", 0], ["KWD", 3]],
        "years": YEARS,
        "closed": [CLOSED_PERIOD],
        "accounts": [[code, role.replace("_", " ").title(), _like(code)] for code, role in own.items()],
        "customers": [[CONTACT, "Web shop customers"], [SECOND_CONTACT, "Store customers"]],
    }


def _like(code: str) -> str:
    return next(model for start, model in _LIKE if code.startswith(start))


def mapping_text() -> str:
    """A mapping file that gives each role its own account."""
    rules = [f'  - {{role: {role}, to: "{code}"}}' for role, code in ACCOUNT_OF_ROLE.items() if role != "other"]
    other = f'  - {{role: "*", manual: true, to: "{ACCOUNT_OF_ROLE["other"]}"}}'
    return "\n".join(["format: 1", "ledger: tryton", "version: 1", "rules:", *rules, other, "contacts:", f'  - {{to: "{CONTACT}"}}', ""])
