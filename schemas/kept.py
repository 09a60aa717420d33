"""Values that are made from what comes again and again, kept: one look-up instead of making them anew."""

from collections.abc import Callable, Sized
from typing import Any, Generic, TypeVar

Key = TypeVar("Key")
Made = TypeVar("Made", bound=Sized)


class Kept(dict[Key, Made], Generic[Key, Made]):
    """Key -> what `make` makes of it, raising what it raises.

    Holds at most `items_max` values of at most `length_max` characters, bytes or items; longer ones are made each time, and a full
    one starts anew: neither memory nor time depends on what producers send.
    """

    __slots__ = ("_items_max", "_length_max", "_make")

    def __init__(self, make: Callable[[Any], Made], *, items_max: int, length_max: int) -> None:
        super().__init__()
        self._make: Callable[[Any], Made] = make
        self._items_max = items_max
        self._length_max = length_max

    def __missing__(self, key: Key) -> Made:
        made = self._make(key)
        if len(made) <= self._length_max:
            if len(self) >= self._items_max:
                self.clear()
            self[key] = made
        return made
