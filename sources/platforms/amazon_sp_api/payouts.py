"""Payouts and groups of financial events: checked, and kept for settlements; the contract has no events of them yet."""

from typing import Final

from sources.platforms.amazon_sp_api.amounts import Till, till_for
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node

_GROUP_TOTALS: Final = ("OriginalTotal", "ConvertedTotal", "BeginningBalance")


def read_payout(payout: Node) -> Nothing:
    """A transfer to the seller's bank."""
    till = till_for([payout.need("amount")], None, payout.pointer)
    amount = till.money(payout.need("amount"))
    return Nothing(f"a payout of {till.text(amount)} {till.currency}: kept for settlements")


def read_event_group(group: Node) -> Nothing:
    """A settlement in progress or done; raises `Unjudged` where one total is converted into its own currency and changes."""
    totals = {name: found for name in _GROUP_TOTALS if (found := group.find(name)) is not None}
    tills = {name: till_for([money], None, money.pointer) for name, money in totals.items()}
    original, converted = (_figure(totals, tills, name) for name in _GROUP_TOTALS[:2])
    if original and converted and original[0] == converted[0] and original[1] != converted[1]:
        message = original[0].difference("converted total of a group in one currency", converted[1], original[1])
        raise Unjudged("hold_discrepancy", message, totals["ConvertedTotal"].pointer)
    stated = f" of {original[0].text(original[1])} {original[0].currency}" if original else ""
    return Nothing(f"a group of financial events{stated}: kept for settlements")


def _figure(totals: dict[str, Node], tills: dict[str, Till], name: str) -> tuple[Till, int] | None:
    return (tills[name], tills[name].money(totals[name])) if name in totals else None
