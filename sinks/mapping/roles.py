"""What is known of each role: what its qualifier says, which conditions its postings can carry, what a ledger uses its account for."""

from dataclasses import dataclass
from typing import Final

from asiento.accounting.accounts import ACCOUNTS_RECEIVABLE as RECEIVABLE
from sinks.external.capabilities import AccountUse

TAX_CONDITIONS: Final = frozenset({"tax_code", "tax_rate"})
ALL_POSTINGS: Final = frozenset({"entity", "channel", "store", "currency"})
"""Conditions that any posting can meet."""
MANUAL_POSTINGS: Final = ALL_POSTINGS
"""Conditions that a posting of a manual journal can meet."""


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """qualifier: what it says, None = the role has none. conditions: those that its postings carry beside `ALL_POSTINGS`.

    settles: customers pay out of its account, or are refunded into it. invoiced: it stands on invoices and credit notes.
    """

    qualifier: str | None = None
    conditions: frozenset[str] = frozenset()
    settles: bool = False
    invoiced: bool = False


_SOLD: Final = frozenset({"category"})
_STOCK: Final = frozenset({"category", "warehouse"})
ROLE_FACTS: Final[dict[str, RoleFacts]] = {
    "accounts_receivable": RoleFacts(),
    "bad_debt": RoleFacts(),
    "bank_clearing": RoleFacts("gateway", settles=True),
    "carrier_clearing": RoleFacts("gateway", settles=True),
    "carrier_fees": RoleFacts(),
    "cash": RoleFacts("store", settles=True),
    "cogs": RoleFacts("category", _STOCK),
    "contract_liability": RoleFacts(settles=True),
    "dispute_fees": RoleFacts(),
    "dispute_losses": RoleFacts(),
    "dispute_receivable": RoleFacts(settles=True),
    "duties_payable": RoleFacts(None, _SOLD, invoiced=True),
    "facilitator_tax_clearing": RoleFacts("channel", TAX_CONDITIONS, invoiced=True),
    "gift_card_liability": RoleFacts(None, _SOLD, settles=True, invoiced=True),
    "inventory": RoleFacts("warehouse", _STOCK),
    "inventory_write_off": RoleFacts(None, _STOCK),
    "marketplace_clearing": RoleFacts("gateway", settles=True),
    "marketplace_fees": RoleFacts("kind of fee"),
    "other_revenue": RoleFacts(None, _SOLD, invoiced=True),
    "psp_clearing": RoleFacts("gateway", settles=True),
    "psp_fees": RoleFacts(),
    "refundable_deposits": RoleFacts(None, _SOLD, invoiced=True),
    "refunds_payable": RoleFacts(settles=True),
    "return_fee_income": RoleFacts(invoiced=True),
    "revenue": RoleFacts("category", _SOLD, invoiced=True),
    "rounding": RoleFacts(None, _SOLD, invoiced=True),
    "sales_allowances": RoleFacts(None, _SOLD, invoiced=True),
    "sales_discounts": RoleFacts(None, _SOLD, invoiced=True),
    "sales_returns": RoleFacts("category", _SOLD, invoiced=True),
    "shipping_revenue": RoleFacts(None, _SOLD, invoiced=True),
    "store_credit_liability": RoleFacts(settles=True),
    "suspense": RoleFacts("why", settles=True),
    "tax_payable": RoleFacts("jurisdiction:type", TAX_CONDITIONS, invoiced=True),
    "tax_receivable": RoleFacts("jurisdiction:type", TAX_CONDITIONS),
    "tips_payable": RoleFacts(None, _SOLD, invoiced=True),
    "withholding_receivable": RoleFacts("jurisdiction"),
}
JURISDICTION_ROLES: Final = frozenset(role for role, facts in ROLE_FACTS.items() if (facts.qualifier or "").startswith("jurisdiction"))
"""Roles whose qualifier begins with the jurisdiction of a tax."""


def uses_of(role: str, *, documents: bool) -> tuple[AccountUse, ...]:
    """What the account of a role is used for in a ledger that gets documents, or journals only."""
    facts = ROLE_FACTS.get(role, RoleFacts())
    if not documents or not (facts.settles or facts.invoiced or role == RECEIVABLE):
        return (AccountUse.JOURNAL_LINE,)
    if role == RECEIVABLE:
        return (AccountUse.RECEIVABLE,)
    invoiced = (AccountUse.DOCUMENT_LINE,) if facts.invoiced else ()
    return (*invoiced, AccountUse.PAYMENT, AccountUse.JOURNAL_LINE) if facts.settles else invoiced
