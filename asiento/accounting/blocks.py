"""Blocks: units with an amount per component, taken in parts that add up exactly.

A component vector (`Amounts`) of a line is `(net, discount, order discount, weight, *taxes)` in minor units:
net and discount are without tax, the order discount and the weight (gross less line discount) are as the
source stated them and are never posted. Taxes follow the order of the line's tax terms.
"""

from operator import add, sub
from typing import NamedTuple, TypeAlias

Amounts: TypeAlias = tuple[int, ...]

NET, DISCOUNT, ORDER_DISCOUNT, WEIGHT, FIRST_TAX = range(5)


def added(left: Amounts, right: Amounts) -> Amounts:
    """Component by component sum of two vectors of one line."""
    return tuple(map(add, left, right))


def less(left: Amounts, right: Amounts) -> Amounts:
    """Component by component difference of two vectors of one line."""
    return tuple(map(sub, left, right))


def zeros(like: Amounts) -> Amounts:
    """The vector of nothing, as long as `like`."""
    return (0,) * len(like)


def gross_of(amounts: Amounts) -> int:
    """What is invoiced for a vector: net and taxes."""
    return amounts[NET] + sum(amounts[FIRST_TAX:])


def part_of(amounts: Amounts, units: int, taken: int, count: int) -> Amounts:
    """What the next `count` units are worth after `taken` of `units`: R(A(t+n)/Q) - R(At/Q) per component."""
    if count == 0:
        return zeros(amounts)
    if count == units:
        return amounts
    after, double = 2 * (taken + count), 2 * units
    before = 2 * taken
    return tuple([(a * after + units) // double - (a * before + units) // double if a else 0 for a in amounts])


class Block(NamedTuple):
    """`units` (micro-units, or minor units of net for charges) worth `amounts`, of which `taken` are gone.

    A block without units cannot be taken by units, only by its rest.
    """

    units: int
    taken: int
    amounts: Amounts

    @property
    def open_units(self) -> int:
        """Units that can still be taken."""
        return self.units - self.taken

    def take(self, count: int) -> tuple[Amounts, "Block"]:
        """The part of the next `count` units (at most the open ones) and the block without them."""
        return part_of(self.amounts, self.units, self.taken, count), Block(self.units, self.taken + count, self.amounts)

    def rest(self) -> Amounts:
        """What has not been taken yet."""
        if self.taken == 0:
            return self.amounts
        return part_of(self.amounts, self.units, self.taken, self.units - self.taken)

    def emptied(self) -> "Block":
        """The block after its rest was taken."""
        return Block(self.units, self.units, self.amounts) if self.units else Block(0, 0, zeros(self.amounts))


class ShippedBlock(NamedTuple):
    """One line of one shipment: what it invoiced, and how many of its units were credited and returned.

    `shipment` is the position of the shipment in the order's list; `cost` is None where no unit cost is known.
    """

    shipment: int
    units: int
    amounts: Amounts
    credited_units: int
    returned_units: int
    cost: int | None

    @property
    def uncredited_units(self) -> int:
        """Units that a refund can still name."""
        return self.units - self.credited_units

    def credit(self, count: int) -> tuple[Amounts, "ShippedBlock"]:
        """The part of the next `count` uncredited units and the block without them."""
        part = part_of(self.amounts, self.units, self.credited_units, count)
        return part, self._replace(credited_units=self.credited_units + count)
