"""Inputs with as many open orders as one likes: all orders are placed first, then their next events come in a chosen disorder.

Lives are those of the synthetic day, each under tenants of its own. The mix of events is the same for every population, so that runs of
different sizes can be compared; what differs is how many orders were touched since an order was last seen.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from bench.prefill import DayTemplates, Template
from schemas.event_messages import EventMessage

SKEW: Final = 3
"""Exponent: with it half of the draws fall on an eighth of the orders, a tenth of them on one in a thousand."""
MISSES_MAX: Final = 50
"""Draws in a row of orders that have no event left, after which the next order that has one is taken."""


class Population:
    """`orders` open orders; order number n lives the n-th life of the day, over and over, in copies."""

    def __init__(self, day: DayTemplates, orders: int) -> None:
        lives: defaultdict[bytes, list[Template]] = defaultdict(list)
        for template in day.templates:
            lives[template.message.key].append(template)
        self._day = day
        self._lives = list(lives.values())
        self._orders = orders
        self._told = bytearray(orders)

    def events(self, seed: int, count: int, *, skewed: bool) -> Iterator[EventMessage]:
        """Up to `count` events, the first of every order ahead; fewer if the lives end before. To be called once."""
        left = count
        for numbers in (iter(range(self._orders)), self._skewed(seed) if skewed else self._shuffled(seed)):
            for number in numbers:
                if left == 0:
                    return
                event = self._next(number)
                if event is not None:
                    left -= 1
                    yield event

    def _next(self, number: int) -> EventMessage | None:
        """The next event of an order; None if its life is over."""
        copy, place = divmod(number, len(self._lives))
        life, told = self._lives[place], self._told[number]
        if told == len(life):
            return None
        self._told[number] = told + 1
        return self._day.copy(life[told], copy)

    def _is_over(self, number: int) -> bool:
        return self._told[number] == len(self._lives[number % len(self._lives)])

    def _shuffled(self, seed: int) -> Iterator[int]:
        """Every order once, in any order, again and again until all lives are over."""
        chance, numbers = random.Random(seed), list(range(self._orders))
        while numbers:
            chance.shuffle(numbers)
            yield from numbers
            numbers = [number for number in numbers if not self._is_over(number)]

    def _skewed(self, seed: int) -> Iterator[int]:
        """Few orders often, most seldom."""
        chance, first_open, misses = random.Random(seed), 0, 0
        while first_open < self._orders:
            number = int(self._orders * chance.random() ** SKEW)
            if self._is_over(number):
                misses += 1
                if misses < MISSES_MAX:
                    continue
                while first_open < self._orders and self._is_over(first_open):
                    first_open += 1
                number = first_open
            misses = 0
            if number < self._orders:
                yield number
