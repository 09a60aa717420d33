"""What Mercado Pago takes of a payment before the seller has it, and whether that leaves what it says the seller receives.

Fees stand in `fee_details`, in newer payloads in `charges_details` too, where shipping and taxes that are withheld stand alone.
`taxes_amount` is withheld in some countries and the seller's own declaration in others, shipping that the buyer pays is the seller's or
the carrier's, a coupon is paid by the one or the other: which of them it was shows in `net_received_amount`, to the cent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Final, NamedTuple

from sources.platforms.mercado_pago.fields import amount_at, found_amount, held, object_at, word_at
from sources.platforms.payload import Node
from sources.platforms.stated_money import Money

TAX: Final = "withheld_tax"
_KINDS: Final[Mapping[str, str]] = {
    "mercadopago_fee": "processing",
    "processing": "processing",
    "financing": "financing",
    "mercadolibre_fee": "marketplace",
    "ml_": "marketplace",
    "application_fee": "application",
    "third_payment": "application",
    "shipping": "shipping",
    "coupon": "coupon",
    "discount": "discount",
}
"""What the name of a fee holds -> kind of the event; others are `other`."""
_OWN_KINDS: Final[Mapping[str, str]] = {"tax": TAX, "coupon": "coupon", "shipping": "shipping"}
"""Types of charges that are no fees."""
_SELLER: Final = "collector"


@dataclass(slots=True)
class Withheld:
    """received: what the payer's money came to. fees: kind -> what was taken, `TAX` for taxes. returned: kind -> what of it came back."""

    received: int
    fees: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)


class _Charge(NamedTuple):
    """A charge that the seller bears. passed_on: a financing fee that the payer's interest pays for may stand there as well."""

    kind: str
    is_fee: bool
    taken: int
    returned: int
    passed_on: bool


def withheld_from(node: Node, money: Money, refunded: int, *, away: bool, notices: list[str]) -> Withheld:
    """Of a payment that came; raises `Unjudged` where it does not add up.

    refunded: given back since; away: all of it, or disputed. What is received may be stated as it was at first, or as it is now.
    """
    amount = amount_at(node, "transaction_amount", money)
    detailed, charges = _fee_details(node, money), list(_charges(node, money))
    details = object_at(node, "transaction_details")
    net = found_amount(details, "net_received_amount", money)
    readings = _readings(detailed, charges)
    if details is None or net is None or (net == 0 and word_at(node, "processing_mode") == "gateway"):
        return _withheld(amount, readings[0], charges)
    if node.find("fee_details") is None and node.find("charges_details") is None and net < amount:
        notices.append("no fees are stated: what was withheld is not told")
        return Withheld(amount)
    computed: list[int] = []
    for fees, (taxes, coupon, extra) in product(readings, _beside(node, details, money)):
        added = fees | {kind: taken for kind, taken in ((TAX, taxes), ("coupon", coupon)) if taken and kind not in fees}
        found = _withheld(amount + extra, added, charges)
        rest = found.received - sum(added.values())
        computed.append(rest)
        now = rest - refunded + sum(found.returned.values())
        if net in (rest, *((now, rest - refunded) if refunded else ()), *((0,) if away else ())):
            return found
    raise held(details, "net_received_amount", money, net, computed[0])


def _kind_of(name: str) -> str:
    return next((kind for held_in, kind in _KINDS.items() if held_in in name), "other")


def _fee_details(node: Node, money: Money) -> dict[str, int]:
    fees: dict[str, int] = {}
    for row in node.each("fee_details"):
        if word_at(row, "fee_payer") in ("", _SELLER):
            kind = _kind_of(word_at(row, "type"))
            fees[kind] = fees.get(kind, 0) + amount_at(row, "amount", money)
    return fees


def _charges(node: Node, money: Money) -> Iterator[_Charge]:
    for row in node.each("charges_details"):
        accounts, amounts = object_at(row, "accounts"), object_at(row, "amounts")
        if accounts is None or amounts is None or word_at(accounts, "from") != _SELLER or word_at(accounts, "to") == _SELLER:
            continue
        own, name = _OWN_KINDS.get(word_at(row, "type")), word_at(row, "name")
        taken, returned = amount_at(amounts, "original", money), found_amount(amounts, "refunded", money) or 0
        yield _Charge(own or _kind_of(name), own is None, taken, returned, name == "financing_fee")


def _readings(detailed: dict[str, int], charges: list[_Charge]) -> list[dict[str, int]]:
    """What was taken, kind by kind: fees as they are detailed, else as they are charged; other charges beside them."""
    beside = [charge for charge in charges if not charge.is_fee and charge.kind not in detailed]
    charged = [charge for charge in charges if charge.is_fee]
    without = [charge for charge in charged if not charge.passed_on]
    readings = [_summed(detailed, beside)] if detailed else []
    if charged or not detailed:
        everything = [charge for charge in charges if not charge.is_fee]
        readings += [_summed({}, [*charged, *everything]), _summed({}, [*without, *everything])]
    return readings


def _summed(fees: dict[str, int], charges: list[_Charge]) -> dict[str, int]:
    summed = dict(fees)
    for charge in charges:
        summed[charge.kind] = summed.get(charge.kind, 0) + charge.taken
    return summed


def _withheld(received: int, fees: dict[str, int], charges: list[_Charge]) -> Withheld:
    """What came back counts for the kind it was taken as; fees that are detailed under another kind get it first."""
    found = Withheld(received, fees)
    for charge in charges:
        kind = charge.kind if charge.kind in fees else next(iter(fees), None)
        if charge.returned and kind is not None:
            found.returned[kind] = found.returned.get(kind, 0) + charge.returned
    return found


def _beside(node: Node, details: Node, money: Money) -> Iterator[tuple[int, int, int]]:
    """What may have been withheld and may have come beside: (taxes, coupon, shipping and what was paid too much)."""
    taxes, coupon, shipping = (found_amount(node, name, money) or 0 for name in ("taxes_amount", "coupon_amount", "shipping_amount"))
    overpaid = found_amount(details, "overpaid_amount", money) or 0
    extras = dict.fromkeys((0, shipping, overpaid, shipping + overpaid))
    return product(dict.fromkeys((taxes, 0)), dict.fromkeys((0, coupon)), extras)
