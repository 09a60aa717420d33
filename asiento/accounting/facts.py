"""What dedupe remembers of the applied events of an order."""

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

FactName: TypeAlias = Literal["event_id", "business_key", "natural_key"]
_NAMES: tuple[FactName, ...] = ("event_id", "business_key", "natural_key")
_PLACES: Final[dict[FactName, int]] = {"event_id": 0, "business_key": 2, "natural_key": 4}
_RECENT_MAX: Final = 32
"""Facts that are looked through one by one; an ordinary order never has more."""


class Fact(NamedTuple):
    """An applied event as far as dedupe needs it.

    `content` is its natural fingerprint: for equal business keys it differs exactly where the business
    content does, so that one value serves both comparisons. `natural_key` is empty where there is none.
    """

    event_id: str
    fingerprint: str
    business_key: str
    content: str
    natural_key: str


_Index: TypeAlias = dict[FactName, dict[str, Fact]]


class Facts:
    """Facts in the order in which they were applied; never changed, `with_fact` makes the next one.

    Old ones are indexed, so that an order of many thousand events costs no more per event than one of a hundred.
    """

    __slots__ = ("_index", "_old", "_recent")

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._old: tuple[Fact, ...] = ()
        self._index: _Index = {}
        self._recent = tuple(facts)
        if len(self._recent) > _RECENT_MAX:
            self._put_in_index()

    def with_fact(self, fact: Fact) -> "Facts":
        """These facts and a new one."""
        after = Facts.__new__(Facts)
        after._old, after._index, after._recent = self._old, self._index, (*self._recent, fact)
        if len(after._recent) > _RECENT_MAX:
            after._put_in_index()
        return after

    def _put_in_index(self) -> None:
        index: _Index = {name: self._index.get(name, {}).copy() for name in _NAMES}
        for fact in self._recent:
            index["event_id"].setdefault(fact.event_id, fact)
            index["business_key"].setdefault(fact.business_key, fact)
            index["natural_key"].setdefault(fact.natural_key, fact)
        self._old, self._index, self._recent = (*self._old, *self._recent), index, ()

    def find(self, name: FactName, value: str) -> Fact | None:
        """The oldest fact of that event_id, business_key or natural_key."""
        if self._old and (known := self._index[name].get(value)) is not None:
            return known
        place = _PLACES[name]
        for fact in self._recent:
            if fact[place] == value:
                return fact
        return None

    def __iter__(self) -> Iterator[Fact]:
        yield from self._old
        yield from self._recent

    def __len__(self) -> int:
        return len(self._old) + len(self._recent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Facts) and len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]
