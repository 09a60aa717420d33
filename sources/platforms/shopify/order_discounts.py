"""Discounts of an order: what Shopify allocated stays where it put it; what it did not allocate is the order's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sources.platforms.outcome import EventTwin
from sources.platforms.payload import Node
from sources.platforms.shopify.ids import identity_of
from sources.platforms.shopify.money import MoneyReader
from sources.platforms.shopify.order_lines import DISCOUNTABLE, OrderLine

WITHOUT_CODE = "order"
"""Stands for the code of a discount that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscountReader:
    """Reads the discounts of one order payload onto its lines."""

    order: Node
    money: MoneyReader

    def on_lines(self, lines: Sequence[OrderLine]) -> tuple[tuple[OrderLine, ...], list[EventTwin]]:
        """(the lines with their discounts, the order-level discounts whose shares they carry).

        An allocation of an application that goes `across` lines is a share of an order-level discount; every other
        one, and every one on shipping, gift cards or tips, is the line's own.
        """
        across = {index: _code_of(item) for index, item in enumerate(self.order.each("discount_applications")) if _goes_across(item)}
        shares: dict[int, int] = {}
        found = [self._on_line(line, node, across, shares) for line, node in self._with_nodes(lines)]
        if not shares:
            return tuple(found), []
        lines_with_shares = tuple(
            replace(line, order_discount=line.order_discount or 0) if line.kind in DISCOUNTABLE else line for line in found
        )
        return lines_with_shares, [_order_discount(across[index], amount) for index, amount in sorted(shares.items())]

    def total(self) -> int | None:
        """`total_discounts` as stated."""
        return self.money.find(self.order, "total_discounts")

    def unallocated(self, amount: int) -> EventTwin:
        """A discount on the whole order without shares."""
        codes = self.order.each("discount_codes")
        code = codes[0].find("code") if codes else None
        return _order_discount((code.text() if code else "") or WITHOUT_CODE, amount)

    def _with_nodes(self, lines: Sequence[OrderLine]) -> list[tuple[OrderLine, Node | None]]:
        nodes = {identity_of(item.need("id")): item for item in self.order.each("line_items")}
        for index, shipping in enumerate(self.order.each("shipping_lines")):
            identity = shipping.find("id")
            nodes[f"shipping:{identity_of(identity) if identity else index + 1}"] = shipping
        return [(line, nodes.get(line.line_id)) for line in lines]

    def _on_line(self, line: OrderLine, node: Node | None, across: dict[int, str], shares: dict[int, int]) -> OrderLine:
        if node is None:
            return line
        if node.find("discount_allocations") is None:
            return replace(line, discount=self._without_allocations(line, node))
        own, share = 0, 0
        for allocation in node.each("discount_allocations"):
            amount = self.money.amount(allocation, "amount")
            index = allocation.find("discount_application_index")
            number = index.count() if index else -1
            if number in across and line.kind in DISCOUNTABLE:
                share += amount
                shares[number] = shares.get(number, 0) + amount
            else:
                own += amount
        return replace(line, discount=own, order_discount=share or None)

    def _without_allocations(self, line: OrderLine, node: Node) -> int:
        """Payloads from before allocations: `total_discount` of a line, `discounted_price` of shipping."""
        if line.kind != "SHIPPING":
            return self.money.find(node, "total_discount") or 0
        discounted = self.money.find(node, "discounted_price")
        return 0 if discounted is None else line.gross - discounted


def _goes_across(application: Node) -> bool:
    method, target = application.find("allocation_method"), application.find("target_type")
    return method is not None and method.value == "across" and (target is None or target.value != "shipping_line")


def _code_of(application: Node) -> str:
    """The code a customer typed or the title of an automatic discount; what staff type by hand does not pass."""
    kind, code, title = application.find("type"), application.find("code"), application.find("title")
    if code is not None:
        return code.text() or WITHOUT_CODE
    if kind is not None and kind.value == "automatic" and title is not None:
        return title.text() or WITHOUT_CODE
    return (kind.text() if kind is not None else "") or WITHOUT_CODE


def _order_discount(code: str, amount: int) -> EventTwin:
    return {"code": code, "amount": amount, "funded_by": "SELLER"}
