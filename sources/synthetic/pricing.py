"""From a basket to the lines of an agreed order: discounts, shares, taxes, cash rounding."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from sources.synthetic.arithmetic import MICRO, decimal_text, rounded, shares
from sources.synthetic.catalog import Product, Shop
from sources.synthetic.intents import DISCOUNTED_KINDS, SoldLine, TaxAmount


def priced_lines(
    shop: Shop, basket: Sequence[tuple[Product, int]], line_discounts_permille: Sequence[int], order_discount_permille: int
) -> tuple[tuple[SoldLine, ...], int]:
    """The lines of (product, quantity in micro-units) pairs, and the discount on the whole order in minor units."""
    bare = [
        _bare_line(f"L{number}", product, quantity, permille)
        for number, ((product, quantity), permille) in enumerate(zip(basket, line_discounts_permille, strict=True), 1)
    ]
    weights = [line.gross - line.discount if line.kind in DISCOUNTED_KINDS else 0 for line in bare]
    order_discount = sum(weights) * order_discount_permille // 1000
    spread = shares(order_discount, weights)
    lines = (
        _taxed(shop, replace(line, order_share=share), product) for line, share, (product, _) in zip(bare, spread, basket, strict=True)
    )
    return tuple(lines), order_discount


def cash_rounding(shop: Shop, lines: Sequence[SoldLine]) -> tuple[SoldLine, ...]:
    """The line that brings the total to what coins can pay; none where the total already is."""
    total = sum(line.total for line in lines)
    difference = rounded(Fraction(total, shop.cash_step)) * shop.cash_step - total
    if not difference:
        return ()
    return (SoldLine(line_id=f"L{len(lines) + 1}", kind="ROUNDING", quantity=MICRO, unit_price=0, gross=difference),)


def unit_price_text(shop: Shop, line: SoldLine) -> str:
    """The line's unit price in major units."""
    return decimal_text(line.unit_price, shop.exponent)


def _bare_line(line_id: str, product: Product, quantity: int, discount_permille: int) -> SoldLine:
    gross = rounded(Fraction(product.price * quantity, MICRO))
    discount = gross * discount_permille // 1000 if product.kind in DISCOUNTED_KINDS else 0
    return SoldLine(
        line_id=line_id,
        kind=product.kind,
        quantity=quantity,
        unit_price=product.price,
        gross=gross,
        discount=discount,
        sku=product.sku,
        description=product.description,
        category=product.category,
        unit_cost=product.cost,
    )


def _taxed(shop: Shop, line: SoldLine, product: Product) -> SoldLine:
    taxable = line.gross - line.discount - line.order_share
    if shop.taxes_included:
        rate = sum((rule.fraction for rule in product.taxes), Fraction(0))
        taxable = rounded(taxable / (1 + rate))
    amounts = [TaxAmount(rule=rule, base=taxable, amount=rounded(taxable * rule.fraction)) for rule in product.taxes]
    if shop.taxes_included and amounts:
        included = line.gross - line.discount - line.order_share - taxable
        amounts = [replace(amounts[0], amount=included)]
    return replace(line, taxes=tuple(amounts), taxes_included=shop.taxes_included)
