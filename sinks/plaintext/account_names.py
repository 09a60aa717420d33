"""Account roles as names that beancount and hledger accept, and back.

`psp_clearing:stripe` <-> `Assets:PspClearing:Stripe`. The first component is the root of the role; each part of the
role becomes one component, by the first of these that fits:

1. words in lower case, each of two letters or more: `shopify_payments` -> `ShopifyPayments`;
2. capitals, digits and dashes: `US-CA` -> `US-CA`, `24826418` -> `24826418`;
3. anything else: `Xx-` and its UTF-8 bytes, letters and digits as they are, others as `-` and two hex digits:
   `León 2` -> `Xx-Le-c3-b3n-202`.

The three shapes cannot be mistaken for each other (1 has no dash, 2 no lower case letter, 3 both), so the way back is exact.
"""

import re
from urllib.parse import unquote

ROOTS = {
    "Assets": (
        "accounts_receivable bank_clearing carrier_clearing cash dispute_receivable inventory marketplace_clearing psp_clearing "
        "tax_receivable withholding_receivable"
    ),
    "Liabilities": (
        "contract_liability duties_payable facilitator_tax_clearing gift_card_liability refundable_deposits refunds_payable "
        "store_credit_liability suspense tax_payable tips_payable"
    ),
    "Income": "other_revenue return_fee_income revenue sales_allowances sales_discounts sales_returns shipping_revenue",
    "Expenses": "bad_debt carrier_fees cogs dispute_fees dispute_losses inventory_write_off marketplace_fees psp_fees rounding",
}
"""Root -> roles under it."""

ROOT_OF_UNKNOWN_ROLES = "Equity"
_ROOT_OF = {role: root for root, roles in ROOTS.items() for role in roles.split()}

_WORDS = re.compile(r"[a-z]{2}[a-z0-9]*(_[a-z]{2}[a-z0-9]*)*")
_CAPITALS = re.compile(r"[A-Z0-9][A-Z0-9-]*")
_JOINED_WORDS = re.compile(r"([A-Z][a-z][a-z0-9]*)+")
_ESCAPED = "Xx-"
_LETTERS_AND_DIGITS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


def account_name(account: str) -> str:
    """The name of an account (role and qualifiers) below its root."""
    parts = account.split(":")
    return ":".join([_ROOT_OF.get(parts[0], ROOT_OF_UNKNOWN_ROLES), *map(_component, parts)])


def account_of_name(name: str) -> str:
    """The account that `account_name` gave this name."""
    return ":".join(_part(component) for component in name.split(":")[1:])


def _component(part: str) -> str:
    if _WORDS.fullmatch(part):
        return "".join(word.capitalize() for word in part.split("_"))
    if _CAPITALS.fullmatch(part):
        return part
    return _ESCAPED + "".join(chr(byte) if byte in _LETTERS_AND_DIGITS else f"-{byte:02x}" for byte in part.encode())


def _part(component: str) -> str:
    if component.startswith(_ESCAPED):
        return unquote(component.removeprefix(_ESCAPED).replace("-", "%"))
    if _JOINED_WORDS.fullmatch(component):
        return "_".join(word.lower() for word in re.findall(r"[A-Z][a-z][a-z0-9]*", component))
    return component
