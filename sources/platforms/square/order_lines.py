"""The lines of a Square order: items with modifiers, discounts and taxes; service charges, the tip, rounding."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from asiento.accounting.order_events import LineKind
from sources.platforms.jurisdictions import tax_home
from sources.platforms.order_drafts import LineDraft, TaxDraft, charge, half_even, quantity_of, times
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.square.money import MoneyReader

TIP_LINE: Final = "tip"
ROUNDING_LINE: Final = "rounding"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReader:
    """Reads the lines of one order; `place` {country, region?} is where it is taxed."""

    order: Node
    money: MoneyReader
    place: dict[str, str]

    def read(self) -> tuple[LineDraft, ...]:
        """All lines but rounding, in the order of the payload: items, service charges, the tip."""
        items = [self._item(item) for item in self.order.each("line_items") if quantity_of(item.need("quantity"))]
        return (*items, *self._service_charges(), *self._tip())

    def order_discounts(self, lines: tuple[LineDraft, ...]) -> list[EventTwin]:
        """The discounts of the whole order, whose shares the lines carry."""
        whole = sum(line.order_discount or 0 for line in lines)
        if not whole:
            return []
        of_order = [discount for discount in self.order.each("discounts") if _is_of_order(discount)]
        found = [
            {"code": _code_of(discount), "amount": self._share_of(discount.need("uid").reference()), "funded_by": "SELLER"}
            for discount in of_order
        ]
        return [discount for discount in found if discount["amount"]]

    def _share_of(self, uid: str) -> int:
        applied = (each for item in self.order.each("line_items") for each in item.each("applied_discounts"))
        return sum(self.money.positive(each, "applied_money") for each in applied if each.need("discount_uid").reference() == uid)

    def _item(self, item: Node) -> LineDraft:
        quantity = quantity_of(item.need("quantity"))
        taxes = self._taxes(item)
        own, shares = self._discounts(item)
        name, of_catalogue = item.find("name"), item.find("catalog_object_id") is not None
        price = self._base_price(item)
        return LineDraft(
            line_id=item.need("uid").reference(),
            kind=_kind_of(item),
            quantity=quantity,
            unit_price=self.money.currency.price(price) if price is not None else Decimal(0),
            gross=self._goods(item, quantity, price, taxes) + self._modifiers(item, quantity),
            discount=own,
            order_discount=shares if self._has_order_discounts() and _kind_of(item) != "GIFT_CARD" else None,
            taxes=taxes,
            sku=item.need("catalog_object_id").reference() if of_catalogue else None,
            # An item typed in at the till has no catalogue entry: its name is free text.
            description=(name.text() or None) if name is not None and of_catalogue else None,
        )

    def _base_price(self, item: Node) -> int | None:
        stated = self.money.find(item, "base_price_money")
        if stated is None and item.find("variation_total_price_money") is None and item.find("gross_sales_money") is None:
            item.need("base_price_money")
        if stated is not None and stated < 0:
            raise Unjudged("reject_malformed", f"{item.pointer}/base_price_money is negative", f"{item.pointer}/base_price_money")
        return stated

    def _goods(self, item: Node, quantity: Decimal, price: int | None, taxes: tuple[TaxDraft, ...]) -> int:
        """Price times quantity. Of a part of a unit the platform's own rounding counts, as long as it is one."""
        stated = self.money.find(item, "variation_total_price_money")
        if stated is None and not any(tax.included for tax in taxes):
            gross = self.money.find(item, "gross_sales_money")
            stated = gross - self._modifiers(item, quantity) if gross is not None else None
        if price is None:
            return stated if stated is not None else self.money.need(item, "variation_total_price_money")
        exact = times(price, quantity)
        return stated if stated is not None and abs(stated - exact) < 1 else half_even(exact)

    def _modifiers(self, item: Node, quantity: Decimal) -> int:
        total = 0
        for modifier in item.each("modifiers"):
            stated = self.money.find(modifier, "total_price_money")
            if stated is None:
                number = modifier.find("quantity")
                each = times(self.money.of(modifier, "base_price_money"), number.decimal() if number is not None else Decimal(1))
                stated = half_even(times(each, quantity))
            total += stated
        return total

    def _has_order_discounts(self) -> bool:
        return any(_is_of_order(discount) for discount in self.order.each("discounts"))

    def _discounts(self, item: Node) -> tuple[int, int]:
        """(the line's own discounts, its shares of discounts of the whole order)."""
        of_order = {discount.need("uid").reference() for discount in self.order.each("discounts") if _is_of_order(discount)}
        applied = item.each("applied_discounts")
        if not applied:
            return self.money.of(item, "total_discount_money"), 0
        shares = own = 0
        for each in applied:
            amount = self.money.positive(each, "applied_money")
            if each.need("discount_uid").reference() in of_order and _kind_of(item) != "GIFT_CARD":
                shares += amount
            else:
                own += amount
        return own, shares

    def _taxes(self, node: Node) -> tuple[TaxDraft, ...]:
        """The taxes of an item or a service charge; where only their total is stated, one tax of it."""
        applied = [tax for each in node.each("applied_taxes") if (tax := self._tax(each)) is not None]
        total = self.money.of(node, "total_tax_money")
        if applied or not total:
            return tuple(applied)
        included = any(_is_included(tax) for tax in self.order.each("taxes"))
        return (self._draft("tax", Decimal(0), total, included=included),)

    def _tax(self, applied: Node) -> TaxDraft | None:
        amount, uid = self.money.find(applied, "applied_money"), applied.need("tax_uid").reference()
        if amount is None:
            return None
        if amount < 0:
            raise Unjudged("reject_malformed", f"{applied.pointer}/applied_money is negative", f"{applied.pointer}/applied_money")
        tax = next((tax for tax in self.order.each("taxes") if tax.need("uid").reference() == uid), None)
        if tax is None:
            raise Unjudged("refetch", f"{applied.pointer}/tax_uid names a tax that the order does not hold", f"{applied.pointer}/tax_uid")
        name, percentage = tax.find("name"), tax.find("percentage")
        rate = percentage.decimal().scaleb(-2) if percentage is not None else Decimal(0)
        if not 0 <= rate <= 10:
            raise tax.need("percentage").malformed("a percentage from 0 to 1000")
        return self._draft((name.text() if name is not None else "") or "tax", rate, amount, included=_is_included(tax))

    def _draft(self, code: str, rate: Decimal, amount: int, *, included: bool) -> TaxDraft:
        jurisdiction, tax_type = tax_home(code, self.place)
        return TaxDraft(jurisdiction=jurisdiction, type=tax_type, code=code, rate=rate, amount=amount, included=included)

    def _service_charges(self) -> Iterator[LineDraft]:
        for service in self.order.each("service_charges"):
            stated = self.money.find(service, "applied_money")
            amount = stated if stated is not None else self.money.need(service, "amount_money")
            yield charge(f"service:{service.need('uid').reference()}", "FEE", amount, self.money.currency, taxes=self._taxes(service))

    def _tip(self) -> Iterator[LineDraft]:
        tip = self.money.of(self.order, "total_tip_money")
        if tip:
            yield charge(TIP_LINE, "TIP", tip, self.money.currency)

    def rounding(self) -> tuple[LineDraft, ...]:
        """The signed rounding adjustment of the order, if it has one."""
        adjustment = self.order.find("rounding_adjustment")
        amount = self.money.of(adjustment, "amount_money") if adjustment is not None else 0
        return (charge(ROUNDING_LINE, "ROUNDING", amount, self.money.currency),) if amount else ()


def _is_of_order(discount: Node) -> bool:
    scope = discount.find("scope")
    return scope is not None and scope.value == "ORDER"


def _is_included(tax: Node) -> bool:
    kind = tax.find("type")
    return kind is not None and kind.value == "INCLUSIVE"


def _kind_of(item: Node) -> LineKind:
    kind = item.find("item_type")
    return "GIFT_CARD" if kind is not None and kind.value == "GIFT_CARD" else "GOODS"


def _code_of(discount: Node) -> str:
    """The catalogue's id of the discount; one that was typed in at the till has a number inside the order only."""
    return (discount.find("catalog_object_id") or discount.need("uid")).reference()
