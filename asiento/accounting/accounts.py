"""Account roles with their qualifiers; each ledger maps them to its own chart."""

from typing import Final

from asiento.accounting.order_events import Disposition, FeeAccountKind, LiableParty, TenderKind

ACCOUNTS_RECEIVABLE: Final = "accounts_receivable"
CONTRACT_LIABILITY: Final = "contract_liability"
REFUNDS_PAYABLE: Final = "refunds_payable"
DISPUTE_LOSSES: Final = "dispute_losses"
SALES_DISCOUNTS: Final = "sales_discounts"
SALES_ALLOWANCES: Final = "sales_allowances"
RETURN_FEE_INCOME: Final = "return_fee_income"
GIFT_CARD_LIABILITY: Final = "gift_card_liability"
PSP_FEES: Final = "psp_fees"
DISPUTE_RECEIVABLE: Final = "dispute_receivable"
DISPUTE_FEES: Final = "dispute_fees"
BAD_DEBT: Final = "bad_debt"
ROUNDING: Final = "rounding"
SUSPENSE: Final = "suspense:unknown_order"
CUSTOMER_ACCOUNTS: Final = frozenset({ACCOUNTS_RECEIVABLE, CONTRACT_LIABILITY, REFUNDS_PAYABLE, DISPUTE_LOSSES})
"""The accounts that follow the totals of an order alone: nothing else may post to them."""

CHARGE_ACCOUNTS: Final = {
    "SHIPPING": "shipping_revenue",
    "FEE": "other_revenue",
    "TIP": "tips_payable",
    "DUTY": "duties_payable",
    "DEPOSIT": "refundable_deposits",
    "ROUNDING": ROUNDING,
}
PSP_TENDERS: Final[frozenset[TenderKind]] = frozenset({"CARD", "WALLET", "OTHER"})


def tender_account(tender: TenderKind, gateway: str, store: str | None) -> str:
    """Where the money of a tender stands until it is settled."""
    if tender in PSP_TENDERS:
        return f"psp_clearing:{gateway}"
    match tender:
        case "MARKETPLACE":
            return f"marketplace_clearing:{gateway}"
        case "CASH_ON_DELIVERY":
            return f"carrier_clearing:{gateway}"
        case "BANK_TRANSFER":
            return f"bank_clearing:{gateway or 'default'}"
        case "CASH":
            return f"cash:{store or 'default'}"
        case "GIFT_CARD":
            return GIFT_CARD_LIABILITY
        case "STORE_CREDIT":
            return "store_credit_liability"
        case _:
            return f"psp_clearing:{gateway}"


def tax_account(jurisdiction: str, tax_type: str, liable_party: LiableParty, channel: str) -> str:
    """Who owes the tax decides: we to the state, or the marketplace, through whose clearing it passes."""
    if liable_party == "MARKETPLACE":
        return f"facilitator_tax_clearing:{channel}"
    return f"tax_payable:{jurisdiction}:{tax_type}"


def sales_account(kind: str, category: str) -> str:
    """What an invoice credits for a line's net."""
    if kind in CHARGE_ACCOUNTS:
        return CHARGE_ACCOUNTS[kind]
    return GIFT_CARD_LIABILITY if kind == "GIFT_CARD" else f"revenue:{category}"


def returns_account(kind: str, category: str) -> str:
    """What a credit note debits for a line's net."""
    if kind in CHARGE_ACCOUNTS:
        return CHARGE_ACCOUNTS[kind]
    return GIFT_CARD_LIABILITY if kind == "GIFT_CARD" else f"sales_returns:{category}"


def clearing_account(kind: FeeAccountKind, gateway: str) -> str:
    """Where the money of a provider stands that withholds its fees from it."""
    return f"{kind.lower()}_clearing:{gateway}"


def fee_account(kind: FeeAccountKind, what_for: str) -> str:
    """The expense of a provider's fee; marketplaces charge for many things, so theirs is qualified."""
    return f"marketplace_fees:{what_for}" if kind == "MARKETPLACE" else f"{kind.lower()}_fees"


def returned_stock_account(disposition: Disposition, warehouse: str) -> str:
    """Where the cost of units goes that came back."""
    if disposition == "RESTOCK":
        return f"inventory:{warehouse}"
    return "inventory_write_off" if disposition == "SCRAP" else "inventory:quarantine"
