"""The lines of an order: goods, services, gift cards, tips, shipping, duties, fees and cash rounding."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from asiento.accounting.money import major_units_text
from asiento.accounting.order_events import LineKind
from sources.platforms.jurisdictions import tax_home
from sources.platforms.minor_units import decimal_text, to_minor_units
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader
from sources.platforms.shopify.tips import is_tip

DISCOUNTABLE = frozenset({"GOODS", "SERVICE"})
"""Kinds that order-level discounts are spread over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxLine:
    """One tax of a line; `amount` in minor units, `rate` a fraction."""

    jurisdiction: str
    type: str
    code: str
    rate: str
    amount: int
    marketplace_pays: bool

    def twin(self, base: int, included: bool) -> EventTwin:
        """The JSON twin; `base` is the net amount the tax was counted on."""
        return {
            "jurisdiction": self.jurisdiction,
            "type": self.type,
            "code": self.code,
            "rate": self.rate,
            "base": base,
            "amount": self.amount,
            "included": included,
            "liable_party": "MARKETPLACE" if self.marketplace_pays else "SELLER",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLine:
    """One line in the making; amounts in minor units on the basis of the order's prices."""

    line_id: str
    kind: LineKind
    quantity: int
    unit_price: Decimal
    gross: int
    discount: int = 0
    order_discount: int | None = None
    taxes: tuple[TaxLine, ...] = ()
    parent_line_id: str | None = None
    sku: str | None = None
    description: str | None = None
    taxable: bool = True

    @property
    def value(self) -> int:
        """What is charged for the line before taxes that are added."""
        return self.gross - self.discount - (self.order_discount or 0)

    @property
    def tax(self) -> int:
        """All taxes of the line."""
        return sum(tax.amount for tax in self.taxes)

    def twin(self, included: bool) -> EventTwin:
        """The JSON twin of the line."""
        base = self.value - (self.tax if included else 0)
        line: EventTwin = {
            "line_id": self.line_id,
            "parent_line_id": self.parent_line_id,
            "kind": self.kind,
            "sku": self.sku,
            "description": self.description,
            "quantity": str(self.quantity),
            "unit_price": format(self.unit_price, "f"),
            "gross": self.gross,
            "discount": self.discount,
            "order_discount": self.order_discount,
            "taxes": [tax.twin(base, included) for tax in self.taxes],
        }
        return {name: value for name, value in line.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReader:
    """Reads the lines of one order payload: `place` {country, region?} is where it is taxed."""

    order: Node
    money: MoneyReader
    place: dict[str, str]

    def read(self) -> tuple[OrderLine, ...]:
        """All lines before discounts and cash rounding, in the order of the payload: units, duties, shipping, fees, tip."""
        units = [self._unit_line(item) for item in self.order.each("line_items") if item.need("quantity").count() > 0]
        return (*units, *self._duties(), *self._shipping(), *self._fees(), *self._rest_of_tips(units))

    def _unit_line(self, item: Node) -> OrderLine:
        price, quantity = self.money.unit_price(item), item.need("quantity").count()
        pointer = f"{item.pointer}/price"
        if price < 0:
            raise Unjudged("reject_malformed", f"{pointer} is negative", pointer)
        sku, title, taxable = item.find("sku"), item.find("title"), item.find("taxable")
        from_catalogue = item.find("product_id") is not None
        return OrderLine(
            line_id=identity_of(item.need("id")),
            kind=_kind_of(item),
            quantity=quantity,
            unit_price=price,
            gross=to_minor_units(price * quantity, self.money.exponent, pointer),
            taxes=self.taxes(item),
            sku=(sku.text() or None) if sku else None,
            # A line typed by hand has no product: its title is free text and may name a person.
            description=(title.text() or None) if title and from_catalogue else None,
            taxable=taxable is None or taxable.flag(),
        )

    def _duties(self) -> Iterator[OrderLine]:
        included = self.order.find("duties_included")
        if included is not None and included.flag():
            return
        total = 0
        for item in self.order.each("line_items"):
            for duty in item.each("duties"):
                stated_in_set = duty.find("price_set") is not None
                amount = self.money.amount(duty, "price") if stated_in_set else self.money.exact(self.money.from_set(duty))
                total += amount
                yield self._charge(f"duty:{identity_of(duty.need('id'))}", "DUTY", amount, self.taxes(duty), identity_of(item.need("id")))
        stated = self.money.find(self.order, "original_total_duties")
        if stated and not total:
            yield self._charge("duties", "DUTY", stated)

    def _shipping(self) -> Iterator[OrderLine]:
        for index, shipping in enumerate(self.order.each("shipping_lines")):
            removed, identity = shipping.find("is_removed"), shipping.find("id")
            if removed is not None and removed.flag():
                continue
            line_id = f"shipping:{identity_of(identity) if identity else index + 1}"
            yield self._charge(line_id, "SHIPPING", self.money.amount(shipping, "price"), self.taxes(shipping))

    def _fees(self) -> Iterator[OrderLine]:
        fees = self.order.each("additional_fees")
        for fee in fees:
            yield self._charge(f"fee:{identity_of(fee.need('id'))}", "FEE", self.money.amount(fee, "price"), self.taxes(fee))
        stated = self.money.find(self.order, "original_total_additional_fees")
        if stated and not fees:
            yield self._charge("fees", "FEE", stated)

    def _rest_of_tips(self, units: list[OrderLine]) -> Iterator[OrderLine]:
        """Tips are stated in total, in the shop's currency only; those that stand among the line items are not counted twice."""
        if self.money.plain_is_foreign and any(line.kind == "TIP" for line in units):
            return
        rest = (self.money.find(self.order, "total_tip_received") or 0) - sum(line.gross for line in units if line.kind == "TIP")
        if rest > 0:
            yield self._charge("tip", "TIP", rest)

    def _charge(
        self, line_id: str, kind: LineKind, amount: int, taxes: tuple[TaxLine, ...] = (), parent_line_id: str | None = None
    ) -> OrderLine:
        if amount < 0:
            raise Unjudged("reject_malformed", f"the amount of {line_id} is negative", self.order.pointer)
        price = Decimal(major_units_text(amount, self.money.exponent))
        return OrderLine(line_id=line_id, kind=kind, quantity=1, unit_price=price, gross=amount, taxes=taxes, parent_line_id=parent_line_id)

    def taxes(self, node: Node) -> tuple[TaxLine, ...]:
        """The tax lines of a line, of shipping, of a duty or of the whole order."""
        return tuple(self._tax(tax) for tax in node.each("tax_lines"))

    def _tax(self, tax: Node) -> TaxLine:
        title, rate, liable = tax.find("title"), tax.find("rate"), tax.find("channel_liable")
        code = (title.text() if title else "") or "tax"
        amount = self.money.amount(tax, "price")
        fraction = rate.decimal() if rate else Decimal(0)
        if amount < 0 or not 0 <= fraction <= 10:
            raise Unjudged("reject_malformed", f"{tax.pointer}: a tax of 0 or more and a rate from 0 to 10 are expected", tax.pointer)
        jurisdiction, tax_type = tax_home(code, self.place)
        return TaxLine(
            jurisdiction=jurisdiction,
            type=tax_type,
            code=code,
            rate=decimal_text(fraction),
            amount=amount,
            marketplace_pays=liable is not None and liable.flag(),
        )


def _kind_of(item: Node) -> LineKind:
    gift_card, shipped = item.find("gift_card"), item.find("requires_shipping")
    if is_tip(item):
        return "TIP"
    if gift_card is not None and gift_card.flag():
        return "GIFT_CARD"
    return "GOODS" if shipped is None or shipped.flag() else "SERVICE"
