"""Lines of a commercetools order: line items, custom line items, shipping; with what they cost before and after discounts, and taxes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from asiento.accounting.allocation import spread
from sources.platforms.commercetools.fields import cents, find_cents, money_of
from sources.platforms.figures import difference_text
from sources.platforms.jurisdictions import tax_home
from sources.platforms.minor_units import decimal_text
from sources.platforms.outcome import EventTwin, Unjudged
from sources.platforms.payload import Node
from sources.platforms.shop_facts import Money
from sources.platforms.sold_lines import SoldLine, SoldTax, rate_from

_LINE_NAME = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxPart:
    """One tax of a line: name, stated rate, country of the rate, amount in minor units."""

    name: str
    rate: Decimal | None
    country: str | None
    state: str | None
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommerceLine:
    """One line in minor units: `price` is what is charged as it is stated, `net` without tax; `listed` before discounts, like `price`."""

    line_id: str
    kind: str
    quantity: Decimal
    listed: int
    price: int
    net: int
    included: bool | None
    taxes: tuple[TaxPart, ...]
    sku: str | None = None
    description: str | None = None

    @property
    def tax(self) -> int:
        """All taxes of the line."""
        return sum(tax.amount for tax in self.taxes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """Lines and discounts that tie to the total; sentences about secondary figures."""

    money: Money
    lines: tuple[SoldLine, ...]
    order_discounts: list[EventTwin]
    total: int
    included: bool
    notices: tuple[str, ...]


def agreed(order: Node, place: dict[str, str]) -> Agreed:
    """The money side of an order or of an import; raises `Unjudged` hold_discrepancy where it does not tie."""
    return _Reader(order=order, money=money_of(order.need("totalPrice")), place=place).agreed()


@dataclass(slots=True, kw_only=True)
class _Reader:
    order: Node
    money: Money
    place: dict[str, str]
    notices: list[str] = field(default_factory=list)
    lowered: tuple[int, int] | None = None

    def agreed(self) -> Agreed:
        lines = [*self._items("lineItems"), *self._items("customLineItems"), *self._shipping()]
        self._tie(lines)
        lines = self._with_order_taxes(lines)
        whole = self.order.find("discountOnTotalPrice")
        off = cents(whole.need("discountedAmount"), self.money) if whole is not None else 0
        stated = {line.included for line in lines if line.taxes or line.included is not None}
        in_prices = stated == {True}
        if True in stated and not in_prices:
            lines = [self._without_tax(line) for line in lines]
        reductions = [line for line in lines if line.price < 0]
        sold = [line for line in lines if line.price >= 0]
        target = sum(line.tax for line in lines)
        if off:
            target = self._order_tax(target)
        sold = self._retaxed(sold, target)
        discounts = [self._discount(f"line:{line.line_id}", -line.price) for line in reductions]
        discounts += [self._discount("discount_on_total", off)] if off else []
        twins = tuple(self._sold(line, in_prices) for line in sold)
        total = sum(line.value + (0 if in_prices else line.tax) for line in twins) - sum(each["amount"] for each in discounts)
        if total < 0:
            raise Unjudged("hold_discrepancy", "more is taken off than the lines cost", f"{self.order.pointer}/totalPrice")
        self._compare_gross(total)
        return Agreed(
            money=self.money, lines=twins, order_discounts=discounts, total=total, included=in_prices, notices=tuple(self.notices)
        )

    def _difference(self, name: str, stated: int, computed: int) -> str:
        return difference_text(name, stated, computed, self.money)

    def _discount(self, code: str, amount: int) -> EventTwin:
        return {"code": code, "amount": amount, "funded_by": "SELLER"}

    def _tie(self, lines: Sequence[CommerceLine]) -> None:
        total, computed = cents(self.order.need("totalPrice"), self.money), sum(line.price for line in lines)
        whole = self.order.find("discountOnTotalPrice")
        computed -= cents(whole.need("discountedAmount"), self.money) if whole is not None else 0
        if total != computed:
            raise Unjudged("hold_discrepancy", self._difference("order total", total, computed), f"{self.order.pointer}/totalPrice")

    def _compare_gross(self, total: int) -> None:
        """`taxedPrice` of the order says what is owed in all; where the lines say something else, the order is held."""
        taxed = self.order.find("taxedPrice")
        stated = find_cents(taxed, "totalGross", self.money) if taxed is not None else None
        if stated is not None and stated != total:
            message = self._difference("order total with tax", stated, total)
            raise Unjudged("hold_discrepancy", message, f"{self.order.pointer}/taxedPrice/totalGross")

    def _order_tax(self, otherwise: int) -> int:
        taxed = self.order.find("taxedPrice")
        if taxed is None:
            return otherwise
        return cents(taxed.need("totalGross"), self.money) - cents(taxed.need("totalNet"), self.money)

    def _items(self, name: str) -> list[CommerceLine]:
        return [self._item(item, number, name == "customLineItems") for number, item in enumerate(self.order.each(name), 1)]

    def _item(self, item: Node, number: int, custom: bool) -> CommerceLine:
        quantity = item.need("quantity").count()
        if quantity == 0:
            raise item.need("quantity").malformed("a number of units")
        unit = item.need("money") if custom else self._unit_price(item)
        listed = cents(unit, self.money) * quantity
        stated = find_cents(item, "totalPrice", self.money)
        price = listed if stated is None else stated
        named = item.find("id") or (item.find("slug") if custom else None)
        variant, sku = item.find("variant"), item.find("sku")
        if variant is not None and isinstance(variant.value, dict):
            sku = variant.find("sku") or sku
        net, taxes, included = self._taxes(item, price, named)
        return CommerceLine(
            line_id=named.reference() if named is not None else f"{'custom' if custom else 'line'}-{number}",
            kind="GOODS",
            quantity=Decimal(quantity),
            listed=max(listed, price),
            price=price,
            net=net,
            included=included,
            taxes=taxes,
            sku=sku.text() if sku is not None and isinstance(sku.value, str) else None,
            description=_localized(item.find("name")),
        )

    def _unit_price(self, item: Node) -> Node:
        price = item.need("price")
        return price.find("value") or price

    def _shipping(self) -> list[CommerceLine]:
        found = []
        infos = [info for each in self.order.each("shipping") if (info := each.find("shippingInfo")) is not None]
        single = self.order.find("shippingInfo")
        for number, info in enumerate([*([single] if single is not None else []), *infos], 1):
            listed = cents(info.need("price"), self.money)
            discounted = info.find("discountedPrice")
            price = cents(discounted.need("value"), self.money) if discounted is not None else listed
            if price < 0:
                raise info.need("price").malformed("a price")
            net, taxes, included = self._taxes(info, price, None)
            if price or listed:
                line_id = "shipping" if number == 1 else f"shipping-{number}"
                found.append(
                    CommerceLine(
                        line_id=line_id,
                        kind="SHIPPING",
                        quantity=Decimal(1),
                        listed=max(listed, price),
                        price=price,
                        net=net,
                        included=included,
                        taxes=taxes,
                    )
                )
        return found

    def _taxes(self, item: Node, price: int, named: Node | None) -> tuple[int, tuple[TaxPart, ...], bool | None]:
        """(net, taxes, whether the price holds them); what is between gross and net counts, its portions only say what it consists of."""
        rate, taxed = item.find("taxRate"), item.find("taxedPrice")
        flag = rate.find("includedInPrice") if rate is not None else None
        included = flag.flag() if flag is not None else None
        if taxed is None:
            return price, (), included
        net, gross = cents(taxed.need("totalNet"), self.money), cents(taxed.need("totalGross"), self.money)
        if included is None and gross != net:
            included = price == gross
        if price != (gross if included else net):
            name, stated = ("totalGross", gross) if included else ("totalNet", net)
            raise Unjudged("hold_discrepancy", self._difference(f"line {name}", stated, price), f"{taxed.pointer}/{name}")
        tax = gross - net
        if tax * (1 if price >= 0 else -1) < 0:
            raise Unjudged("hold_discrepancy", f"{taxed.pointer}: the line and its tax have different signs", taxed.pointer)
        return net, self._parts(taxed, rate, tax, named), included

    def _parts(self, taxed: Node, rate: Node | None, tax: int, named: Node | None) -> tuple[TaxPart, ...]:
        portions = taxed.each("taxPortions")
        amounts = [cents(portion.need("amount"), self.money) for portion in portions]
        if portions and sum(amounts) != tax:
            name = f"line tax {named.reference()[:_LINE_NAME]}" if named is not None else "shipping tax"
            self.notices.append(self._difference(name, tax, sum(amounts)))
        if not tax:
            return ()
        country, state = (rate.find("country"), rate.find("state")) if rate is not None else (None, None)
        sources: list[Node | None] = [*portions] or [rate]
        shares = spread(abs(tax), [max(1, abs(amount)) for amount in amounts]) if portions else [abs(tax)]
        sign = 1 if tax > 0 else -1
        return tuple(
            TaxPart(
                name=_text(source.find("name")) if source is not None else "tax",
                rate=_rate(source),
                country=_text(country, "") or None,
                state=_text(state, "") or None,
                amount=sign * share,
            )
            for source, share in zip(sources, shares, strict=True)
            if share
        )

    def _with_order_taxes(self, lines: list[CommerceLine]) -> list[CommerceLine]:
        """Taxes that only the order states are spread over the lines by what they cost."""
        taxed = self.order.find("taxedPrice")
        if taxed is None or any(line.taxes for line in lines) or not (tax := self._order_tax(0)):
            return lines
        bearing = [index for index, line in enumerate(lines) if line.price > 0]
        if tax < 0 or not bearing:
            raise Unjudged("hold_discrepancy", f"{taxed.pointer}: a tax that no line can bear", taxed.pointer)
        included = cents(taxed.need("totalGross"), self.money) == cents(self.order.need("totalPrice"), self.money)
        portions = taxed.each("taxPortions")
        name, rate = (_text(portions[0].find("name")), _rate(portions[0])) if len(portions) == 1 else ("tax", None)
        for index, share in zip(bearing, spread(tax, [lines[index].price for index in bearing]), strict=True):
            part = TaxPart(name=name, rate=rate, country=None, state=None, amount=share)
            net = lines[index].price - (share if included else 0)
            lines[index] = replace(lines[index], taxes=(part,) if share else (), included=included, net=net)
        return lines

    def _without_tax(self, line: CommerceLine) -> CommerceLine:
        """An event knows one way only: where some prices hold their tax and others do not, all are told without."""
        taken = line.price - line.net
        return replace(line, price=line.net, listed=max(line.net, line.listed - taken), included=False)

    def _retaxed(self, lines: list[CommerceLine], target: int) -> list[CommerceLine]:
        """Taxes made to add up to what the order owes after what is taken off as a whole."""
        flat = [(index, part) for index, line in enumerate(lines) for part in line.taxes]
        current = sum(part.amount for _, part in flat)
        if current == target:
            return lines
        if target < 0 or not current:
            raise Unjudged("hold_discrepancy", "more tax is taken off than the lines have", f"{self.order.pointer}/taxedPrice")
        self.lowered = (target, current) if target < current else None
        shares = spread(target, [part.amount for _, part in flat])
        parts: list[list[TaxPart]] = [[] for _ in lines]
        for (index, part), share in zip(flat, shares, strict=True):
            parts[index] += [replace(part, amount=share)] if share else []
        return [replace(line, taxes=tuple(parts[index])) for index, line in enumerate(lines)]

    def _sold(self, line: CommerceLine, included: bool) -> SoldLine:
        return SoldLine(
            line_id=line.line_id,
            kind="SHIPPING" if line.kind == "SHIPPING" else "GOODS",
            quantity=line.quantity,
            gross=line.listed,
            discount=line.listed - line.price,
            taxes=tuple(self._tax(part, line, included) for part in line.taxes),
            sku=line.sku,
            description=line.description,
        )

    def _tax(self, part: TaxPart, line: CommerceLine, included: bool) -> SoldTax:
        home = {"country": part.country} | ({"region": part.state} if part.state else {}) if part.country else self.place
        if part.country == self.place["country"] and "region" in self.place:
            home = self.place
        jurisdiction, kind = tax_home(part.name, home)
        base = line.price - (line.tax if included else 0)
        if self.lowered is not None:
            base = line.net * self.lowered[0] // self.lowered[1]
        fits = part.rate is not None and abs(part.rate * base - part.amount) <= 1
        rate = decimal_text(part.rate) if fits and part.rate is not None else rate_from(part.amount, base)
        return SoldTax(jurisdiction=jurisdiction, type=kind, code=part.name, rate=rate, base=base, amount=part.amount)


def _rate(source: Node | None) -> Decimal | None:
    if source is None:
        return None
    found = source.find("rate") or source.find("amount")
    if found is None or isinstance(found.value, dict):
        return None
    rate = found.decimal()
    return rate if 0 <= rate < 10 and abs(rate.adjusted()) < 12 else None


def _text(found: Node | None, otherwise: str = "tax") -> str:
    return found.text() or otherwise if found is not None and isinstance(found.value, str) else otherwise


def _localized(name: Node | None) -> str | None:
    """A name in English, else in the first language there is."""
    if name is None or not isinstance(name.value, dict):
        return None
    texts = [Node(value, f"{name.pointer}/{key}") for key, value in sorted(name.value.items()) if isinstance(value, str)]
    english = [text for text in texts if text.pointer.rsplit("/", 1)[1].startswith("en")]
    return (english or texts)[0].text() or None if texts else None
