"""The lines of an order from the parts of its items; both versions of the Orders API end here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from asiento.accounting.money import major_units_text, round_half_up
from asiento.accounting.order_events import LineKind
from sources.platforms.amazon_sp_api.amounts import Till
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node

GOODS = "ITEM"
TIPS = frozenset({"TIP", "DELIVERY_TIP"})
_KINDS: dict[str, LineKind] = {"ITEM": "GOODS", "SHIPPING": "SHIPPING", "TIP": "TIP", "DELIVERY_TIP": "TIP"}
_RATE_DECIMALS = 10


@dataclass(slots=True)
class PartOfItem:
    """What an item costs for one reason: amounts in minor units; `tax` after the tax of its discount."""

    gross: int = 0
    discount: int = 0
    tax: int = 0

    @property
    def value(self) -> int:
        """What is charged before taxes that are added."""
        return self.gross - self.discount


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One order item in the making. `parts` by ITEM, SHIPPING, GIFT_WRAP, COD_FEE, OTHER; an order-level charge has no quantity."""

    line_id: str
    pointer: str
    quantity: int = 1
    sku: str | None = None
    title: str | None = None
    unit_price: Node | None = None
    marketplace_pays: bool = False
    parts: dict[str, PartOfItem] = field(default_factory=dict)

    def part(self, name: str) -> PartOfItem:
        """The part of a name, made where it is not there yet."""
        return self.parts.setdefault(name, PartOfItem())

    @property
    def value(self) -> int:
        """All parts before taxes that are added."""
        return sum(part.value for part in self.parts.values())

    @property
    def tax(self) -> int:
        """All taxes."""
        return sum(part.tax for part in self.parts.values())

    def total(self, included: bool) -> int:
        """What the buyer owes for the item."""
        return self.value + (0 if included else self.tax)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineMaker:
    """Makes lines of items. `jurisdiction`, `tax_type`: to whom taxes of the order belong; `included`: prices hold them."""

    till: Till
    jurisdiction: str
    tax_type: str
    included: bool

    def lines(self, items: Sequence[Item]) -> list[EventTwin]:
        """One line per item and one per charge of it; raises `Unjudged` for what cannot be a line."""
        return [line for item in items for name, part in item.parts.items() for line in self._line(item, name, part)]

    def _line(self, item: Item, name: str, part: PartOfItem) -> list[EventTwin]:
        goods = name == GOODS
        if part == PartOfItem() and not (goods and item.quantity):
            return []
        net = part.value - (part.tax if self.included else 0)
        if part.gross < 0 or part.discount < 0 or part.tax < 0 or net < 0 or (goods and not item.quantity):
            figures = [self.till.text(amount) for amount in (part.gross, part.discount, part.tax)]
            message = f"{item.pointer}: {name} of {figures[0]} with a discount of {figures[1]} and a tax of {figures[2]} is no line"
            raise Unjudged("hold_discrepancy", message, item.pointer)
        line: EventTwin = {
            "line_id": item.line_id if goods or name in TIPS else f"{name.lower()}:{item.line_id}",
            "parent_line_id": None if goods or item.quantity == 0 or name in TIPS else item.line_id,
            "kind": _KINDS.get(name, "FEE"),
            "sku": item.sku if goods else None,
            "description": item.title if goods else None,
            "quantity": str(item.quantity) if goods else "1",
            "unit_price": self._unit_price(item, part) if goods else self.till.text(part.gross),
            "gross": part.gross,
            "discount": part.discount,
            "taxes": [self._tax(item, net, part.tax)] if part.tax else [],
        }
        return [{key: value for key, value in line.items() if value is not None}]

    def _unit_price(self, item: Item, part: PartOfItem) -> str:
        """The stated price of one unit, else the gross divided, cut at ten decimals (it is for people)."""
        if item.unit_price is not None:
            if item.unit_price.decimal() < 0:
                raise item.unit_price.malformed("a price of 0 or more")
            return format(item.unit_price.decimal(), "f")
        shares = round_half_up(part.gross * 10**_RATE_DECIMALS, item.quantity * 10**self.till.exponent)
        return _trimmed(major_units_text(shares, _RATE_DECIMALS))

    def _tax(self, item: Item, net: int, amount: int) -> EventTwin:
        """Amazon states no rates: the one that explains the amount is given."""
        rate = round_half_up(amount * 10**_RATE_DECIMALS, net) if net else 0
        return {
            "jurisdiction": self.jurisdiction,
            "type": self.tax_type,
            "code": self.tax_type,
            "rate": _trimmed(major_units_text(rate, _RATE_DECIMALS)),
            "base": net,
            "amount": amount,
            "included": self.included,
            "liable_party": "MARKETPLACE" if item.marketplace_pays else "SELLER",
        }


def price_notices(items: Sequence[Item], till: Till) -> list[str]:
    """Unit price times quantity should be what the item costs; where it is not, the item's own figure counts."""
    found = []
    for item in items:
        if item.unit_price is not None and GOODS in item.parts:
            stated = till.text(item.parts[GOODS].gross)
            computed = decimal_text(item.unit_price.decimal() * item.quantity)
            if _trimmed(stated) != computed:
                found.append(f"{item.pointer}: the item is stated at {stated} {till.currency}, unit price x quantity is {computed}")
    return found


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
