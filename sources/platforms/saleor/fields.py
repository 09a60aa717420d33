"""Fields as Saleor writes them: camelCase in what a subscription asks for, snake_case and flat amounts in the webhooks before it."""

from dataclasses import dataclass
from decimal import Decimal

from sources.platforms.context import Context
from sources.platforms.figures import rounded
from sources.platforms.minor_units import exponent_of, to_minor_units
from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import Money

_WORD_STARTS = {letter: f"_{letter.lower()}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


@dataclass(frozen=True, slots=True)
class Price:
    """What something costs with and without tax, in minor units."""

    gross: int
    net: int

    @property
    def tax(self) -> int:
        """What is between them."""
        return self.gross - self.net


def field(node: Node, name: str) -> Node | None:
    """A field by its camelCase name, or its older one."""
    return node.find(name) or node.find("".join(_WORD_STARTS.get(letter, letter) for letter in name))


def text_of(node: Node, name: str) -> str:
    """A field's text in upper case, as statuses are written; empty where there is none."""
    found = field(node, name)
    return found.value.upper().replace("-", "_") if found is not None and isinstance(found.value, str) else ""


def price_of(node: Node, name: str, money: Money) -> Price | None:
    """`{gross, net, tax}` of which one may be missing, or `<name>_gross_amount` and `<name>_net_amount`; None where there is none of it."""
    older = field(node, f"{name}GrossAmount"), field(node, f"{name}NetAmount")
    if any(found is not None for found in older):
        gross, net, tax = *(_minor(found, money) for found in older), None
    else:
        taxed = field(node, name)
        if taxed is None:
            return None
        gross, net, tax = (amount_of(taxed, part, money) for part in ("gross", "net", "tax"))
    if gross is None and net is None:
        return None
    if gross is None:
        gross = (net or 0) + (tax or 0)
    if net is None:
        net = gross - (tax or 0)
    if gross < net or net < 0:
        raise Unjudged("hold_discrepancy", f"{node.pointer}/{name}: with tax it costs less than without", f"{node.pointer}/{name}")
    return Price(gross, net)


def amount_of(node: Node, name: str, money: Money) -> int | None:
    """An amount as `{amount, currency}` or as a plain number."""
    found = field(node, name)
    if found is not None and isinstance(found.value, dict):
        code = found.find("currency")
        if code is not None and code.value != money.currency:
            raise Unjudged("reject_malformed", f"{code.pointer}: another currency than the order's", code.pointer)
        found = found.need("amount")
    return _minor(found, money)


def money_of(order: Node, context: Context) -> Money:
    """The currency of the total, of its channel, else the connection's."""
    total, channel = field(order, "total"), field(order, "channel")
    inner = [found for side in ("gross", "net") if total is not None and (found := total.find(side)) is not None]
    places = [place for place in (order, total, *inner) if place is not None and isinstance(place.value, dict)]
    code = next((found for place in places if (found := place.find("currency")) is not None), None)
    if code is None and channel is not None and isinstance(channel.value, dict):
        code = field(channel, "currencyCode")
    currency, pointer = code.value if code is not None else context.connection.default_currency, f"{order.pointer}/total"
    if not isinstance(currency, str):
        raise Unjudged("reject_malformed", f"{pointer}: no currency is stated; set default_currency in the connection file", pointer)
    return Money(currency=currency, exponent=exponent_of(currency, pointer))


def _minor(found: Node | None, money: Money) -> int | None:
    return None if found is None else to_minor_units(found.decimal(), money.exponent, found.pointer)


def units_price(node: Node, name: str, quantity: Decimal, money: Money) -> Price | None:
    """The price of one unit, which may have more decimals than money has, by the quantity."""
    unit, older = field(node, name), (field(node, f"{name}GrossAmount"), field(node, f"{name}NetAmount"))
    sides = []
    for side, flat in zip(("gross", "net"), older, strict=True):
        found = flat if flat is not None else unit.find(side) if unit is not None and isinstance(unit.value, dict) else None
        value = found.need("amount") if found is not None and isinstance(found.value, dict) else found
        sides.append(None if value is None else rounded(value.decimal() * quantity, money.exponent))
    gross, net = sides
    if gross is None and net is None:
        return None
    return Price(gross if gross is not None else net or 0, net if net is not None else gross or 0)
