"""Blocks: units with an amount per component, taken in parts that add up exactly.

A component vector (`Amounts`) of a line is `(net, discount, order discount, weight, *taxes)` in minor units:
net and discount are without tax, the order discount and the weight (gross less line discount) are as the
source stated them and are never posted. Taxes follow the order of the line's tax terms.
"""

from operator import add, sub
from typing import Final, NamedTuple, TypeAlias

Amounts: TypeAlias = tuple[int, ...]

NET: Final = 0
DISCOUNT: Final = 1
ORDER_DISCOUNT: Final = 2
WEIGHT: Final = 3
FIRST_TAX: Final = 4


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
    """What the next `count` units are worth after `taken` of `units`: R(A(t+n)/Q) - R(At/Q) per component.

    Only a weight can be below 0, after an edit; R rounds its halves away from 0.
    """
    if count == 0:
        return zeros(amounts)
    if count == units:
        return amounts
    after, double = 2 * (taken + count), 2 * units
    before = 2 * taken
    return tuple(
        [
            (a * after + units) // double - (a * before + units) // double if a > 0 else a and -part_of((-a,), units, taken, count)[0]
            for a in amounts
        ]
    )


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
    """One line of one shipment: credits take from `credits`, returns of stock from `units` at `cost`.

    `shipment` is the position of the shipment in the order's list, `category` that of its invoice; `cost` is None
    where no unit cost is known. `joined`: an edit added amounts to it, or made it anew.
    """

    shipment: int
    units: int
    credits: Block
    returned_units: int
    cost: int | None
    category: str
    joined: bool = False

    @property
    def uncredited_units(self) -> int:
        """Units that a refund can still name."""
        return self.credits.open_units

    @property
    def unreturned_units(self) -> int:
        """Units that can still come back."""
        return self.units - self.returned_units

    def credit(self, count: int) -> tuple[Amounts, "ShippedBlock"]:
        """The part of the next `count` uncredited units and the block without them."""
        part, credits_ = self.credits.take(count)
        return part, self._replace(credits=credits_)

    def take_back(self, count: int) -> tuple[int, "ShippedBlock"]:
        """The cost of the next `count` units that come back (0 where none is known) and the block after them."""
        cost = part_of((self.cost,), self.units, self.returned_units, count)[0] if self.cost else 0
        return cost, self._replace(returned_units=self.returned_units + count)

    def join(self, amounts: Amounts) -> "ShippedBlock":
        """A new block of the uncredited units and their amounts plus `amounts`."""
        rest = added(self.credits.rest(), amounts)
        return self._replace(credits=Block(self.credits.open_units, 0, rest), joined=True)


class BlockUnits:
    """Units of a line's shipped blocks that one event has not named yet; it may name a line a thousand times."""

    __slots__ = ("_blocks", "_first", "_left", "_places")

    def __init__(self, blocks: tuple[ShippedBlock, ...], units: list[int]) -> None:
        self._blocks = blocks
        self._left = units
        self._first = 0
        self._places: dict[int, list[int]] = {}

    def take(self, wanted: int, shipment: int | None) -> tuple[tuple[tuple[int, int], ...], int]:
        """(place of the block, micro-units), oldest first, of up to `wanted` units of a shipment, and how many are missing.

        shipment None = of any.
        """
        left, taken = self._left, []
        for place in range(self._first, len(left)) if shipment is None else self._of_shipment(shipment):
            if wanted == 0:
                break
            units = min(wanted, left[place])
            if units:
                left[place] -= units
                wanted -= units
                taken.append((place, units))
        if shipment is None and taken:
            self._first = taken[-1][0]  # the blocks before it are empty now
        return tuple(taken), wanted

    def _of_shipment(self, shipment: int) -> list[int]:
        if not self._places:
            for place, block in enumerate(self._blocks):
                self._places.setdefault(block.shipment, []).append(place)
        return self._places.get(shipment, [])
