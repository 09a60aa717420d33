"""Square payouts: their sums are checked, nothing of them is told. Fees come with the payments, so they are not told twice."""

from sources.platforms.facts import Part
from sources.platforms.figures import difference_text
from sources.platforms.outcome import Nothing, Unjudged
from sources.platforms.payload import Node
from sources.platforms.square.money import reader_for


def read_payout(part: Part) -> Nothing:
    """A payout has an amount that can be read."""
    reader_for(part.node, "amount_money").need(part.node, "amount_money")
    return Nothing("payout: kept for settlements")


def read_entries(part: Part) -> Nothing:
    """Entries of one page: gross less fee is net in each; raises `Unjudged` hold_discrepancy."""
    entries = part.node.items() if isinstance(part.node.value, list) else [part.node]
    for entry in entries:
        _check(entry)
    return Nothing(f"{len(entries)} payout entries: their sums tie; kept for settlements, fees are told by the payments")


def _check(entry: Node) -> None:
    money = reader_for(entry, "net_amount_money")
    gross, fee, net = (money.need(entry, name) for name in ("gross_amount_money", "fee_amount_money", "net_amount_money"))
    if gross - fee != net:
        pointer = f"{entry.pointer}/net_amount_money"
        raise Unjudged("hold_discrepancy", difference_text("payout entry", net, gross - fee, money.currency), pointer)
