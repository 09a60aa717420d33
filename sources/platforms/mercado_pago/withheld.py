"""What Mercado Pago takes of a payment before the seller has it, and whether that leaves what it says the seller receives.

Fees stand in `fee_details`, in newer payloads in `charges_details` too, where taxes that are withheld stand alone. `taxes_amount` is
withheld in some countries and the seller's own declaration in others, shipping that the buyer pays is the seller's or the carrier's, a
coupon is paid by the one or the other: which of them it was shows in `net_received_amount`, to the cent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final

from sources.platforms.mercado_pago.fields import amount_at, found_amount, held, object_at, word_at
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money

TAX: Final = "withheld_tax"
_KINDS: Final[Mapping[str, str]] = {
    "mercadopago_fee": "processing",
    "mercadolibre_fee": "marketplace",
    "financing_fee": "financing",
    "application_fee": "application",
    "third_payment": "application",
    "shipping_fee": "shipping",
    "coupon_fee": "coupon",
    "discount_fee": "discount",
}
"""Name of a fee -> kind of the event; others are `other`."""
_SELLER: Final = "collector"


@dataclass(slots=True)
class Withheld:
    """received: what the payer's money came to. fees: kind -> what was taken, `TAX` for taxes. returned: kind -> what of it came back."""

    received: int
    fees: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)


def withheld_from(node: Node, money: Money, refunded: int, *, away: bool) -> Withheld:
    """Of a payment that came; raises `Unjudged` where it does not add up.

    refunded: given back since; away: all of it, or disputed. What is received may be stated as it was at first, or as it is now.
    """
    amount = amount_at(node, "transaction_amount", money)
    found = Withheld(amount)
    _from_fee_details(node, money, found.fees)
    _from_charges(node, money, found)
    details = object_at(node, "transaction_details")
    net = found_amount(details, "net_received_amount", money)
    if details is None or net is None or (net == 0 and word_at(node, "processing_mode") == "gateway"):
        return found
    computed = []
    for taxes, coupon, extra in product(_taxes(node, money, found), _coupons(node, money, found), _extras(node, details, money)):
        rest = amount + extra - sum(found.fees.values()) - taxes - coupon
        computed.append(rest)
        now = rest - refunded + sum(found.returned.values())
        if net in (rest, *((now, rest - refunded) if refunded else ()), *((0,) if away else ())):
            found.received = amount + extra
            found.fees |= {kind: taken for kind, taken in ((TAX, taxes), ("coupon", coupon)) if taken}
            return found
    raise held(details, "net_received_amount", money, net, computed[0])


def _from_fee_details(node: Node, money: Money, fees: dict[str, int]) -> None:
    for row in node.each("fee_details"):
        if word_at(row, "fee_payer") in ("", _SELLER):
            kind = _KINDS.get(word_at(row, "type"), "other")
            fees[kind] = fees.get(kind, 0) + amount_at(row, "amount", money)


def _from_charges(node: Node, money: Money, found: Withheld) -> None:
    """Charges of the seller: fees where `fee_details` has none, everything else, and what of all came back."""
    stated = frozenset(found.fees)
    for kind, original, returned in _charges(node, money):
        is_fee = kind not in (TAX, "coupon", "shipping")
        if not (kind in stated or (stated and is_fee)):
            found.fees[kind] = found.fees.get(kind, 0) + original
        if returned:
            target = kind if kind in found.fees else next(iter(found.fees))
            found.returned[target] = found.returned.get(target, 0) + returned


def _charges(node: Node, money: Money) -> Iterator[tuple[str, int, int]]:
    """(kind, taken, come back) of each charge that the seller bears."""
    for row in node.each("charges_details"):
        accounts, amounts = object_at(row, "accounts"), object_at(row, "amounts")
        if accounts is None or amounts is None or word_at(accounts, "from") != _SELLER or word_at(accounts, "to") == _SELLER:
            continue
        kind = word_at(row, "type")
        named = TAX if kind == "tax" else kind if kind in ("coupon", "shipping") else _KINDS.get(word_at(row, "name"), "other")
        yield named, amount_at(amounts, "original", money), found_amount(amounts, "refunded", money) or 0


def _taxes(node: Node, money: Money, found: Withheld) -> tuple[int, ...]:
    """What may be withheld beside the charges: `taxes_amount` or nothing."""
    stated = found_amount(node, "taxes_amount", money) or 0
    return (0,) if TAX in found.fees or not stated else (stated, 0)


def _coupons(node: Node, money: Money, found: Withheld) -> tuple[int, ...]:
    stated = found_amount(node, "coupon_amount", money) or 0
    return (0,) if "coupon" in found.fees or not stated else (0, stated)


def _extras(node: Node, details: Node, money: Money) -> tuple[int, ...]:
    """What may have come beside the amount: shipping, and what was paid too much."""
    shipping = found_amount(node, "shipping_amount", money) or 0
    overpaid = found_amount(details, "overpaid_amount", money) or 0
    return tuple(dict.fromkeys((0, shipping, overpaid, shipping + overpaid)))
