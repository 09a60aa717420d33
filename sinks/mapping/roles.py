"""What is known of each role: what its qualifier says, which conditions its postings can carry, what a ledger uses its account for."""

from dataclasses import dataclass
from typing import Final

TAX_CONDITIONS: Final = frozenset({"tax_code", "tax_rate"})
ALL_POSTINGS: Final = frozenset({"entity", "channel", "store", "currency"})
"""Conditions that any posting can meet."""


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """qualifier: what it says, None = the role has none. conditions: those that its postings carry beside `ALL_POSTINGS`."""

    qualifier: str | None = None
    conditions: frozenset[str] = frozenset()


_SOLD: Final = frozenset({"category"})
_STOCK: Final = frozenset({"category", "warehouse"})
ROLE_FACTS: Final[dict[str, RoleFacts]] = {
    "accounts_receivable": RoleFacts(),
    "bad_debt": RoleFacts(),
    "bank_clearing": RoleFacts("gateway"),
    "carrier_clearing": RoleFacts("gateway"),
    "carrier_fees": RoleFacts(),
    "cash": RoleFacts("store"),
    "cogs": RoleFacts("category", _STOCK),
    "contract_liability": RoleFacts(),
    "dispute_fees": RoleFacts(),
    "dispute_losses": RoleFacts(),
    "dispute_receivable": RoleFacts(),
    "duties_payable": RoleFacts(None, _SOLD),
    "facilitator_tax_clearing": RoleFacts("channel", TAX_CONDITIONS),
    "gift_card_liability": RoleFacts(None, _SOLD),
    "inventory": RoleFacts("warehouse", _STOCK),
    "inventory_write_off": RoleFacts(None, _STOCK),
    "marketplace_clearing": RoleFacts("gateway"),
    "marketplace_fees": RoleFacts("kind of fee"),
    "other_revenue": RoleFacts(None, _SOLD),
    "psp_clearing": RoleFacts("gateway"),
    "psp_fees": RoleFacts(),
    "refundable_deposits": RoleFacts(None, _SOLD),
    "refunds_payable": RoleFacts(),
    "return_fee_income": RoleFacts(),
    "revenue": RoleFacts("category", _SOLD),
    "rounding": RoleFacts(None, _SOLD),
    "sales_allowances": RoleFacts(None, _SOLD),
    "sales_discounts": RoleFacts(None, _SOLD),
    "sales_returns": RoleFacts("category", _SOLD),
    "shipping_revenue": RoleFacts(None, _SOLD),
    "store_credit_liability": RoleFacts(),
    "suspense": RoleFacts("why"),
    "tax_payable": RoleFacts("jurisdiction:type", TAX_CONDITIONS),
    "tax_receivable": RoleFacts("jurisdiction:type", TAX_CONDITIONS),
    "tips_payable": RoleFacts(None, _SOLD),
    "withholding_receivable": RoleFacts("jurisdiction"),
}
JURISDICTION_ROLES: Final = frozenset(role for role, facts in ROLE_FACTS.items() if (facts.qualifier or "").startswith("jurisdiction"))
"""Roles whose qualifier begins with the jurisdiction of a tax."""
