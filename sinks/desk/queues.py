"""Pages of what is open: filters that the database does not know, on top of those it does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from sinks.desk.errors import DeskRefused
from sinks.projector.answers import Cursor

SLICE_ITEMS: Final = 500
HOUR_MICROSECONDS: Final = 3_600 * 1_000_000
_UNITS: Final = {"h": HOUR_MICROSECONDS, "d": 24 * HOUR_MICROSECONDS, "w": 7 * 24 * HOUR_MICROSECONDS}


class Listed(Protocol):
    """Something on a list in order of age."""

    @property
    def cursor(self) -> Cursor:
        """Its place."""
        ...


Item = TypeVar("Item", bound=Listed)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, oldest first; `next`: where the list goes on, None at its end."""

    items: tuple[Item, ...]
    next: Cursor | None


def page_of(
    fetch: Callable[[Cursor | None, int], tuple[Item, ...]],
    keep: Callable[[Item], bool],
    *,
    limit: int,
    after: Cursor | None,
    until: int | None = None,
) -> Page[Item]:
    """The first `limit` items that `keep` wants, behind `after`, none younger than `until` (UTC microseconds)."""
    found: list[Item] = []
    cursor = after
    while True:
        items = fetch(cursor, SLICE_ITEMS)
        for item in items:
            if until is not None and item.cursor.at > until:
                return Page(tuple(found), None)
            if keep(item):
                if len(found) == limit:
                    return Page(tuple(found), found[-1].cursor if found else after)
                found.append(item)
        if len(items) < SLICE_ITEMS:
            return Page(tuple(found), None)
        cursor = items[-1].cursor


def source_of(order_key: str | None) -> str | None:
    """`platform:connection` of `tenant:platform:connection:order_id`."""
    parts = (order_key or "").split(":", 3)
    return ":".join(parts[1:3]) if len(parts) == 4 else None


def age_microseconds(text: str) -> int:
    """`36h`, `3d` or `2w`; raises `DeskRefused`."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isdecimal() or len(number) > 6:
        raise DeskRefused(f"{text!r}: an age like 36h, 3d or 2w is expected")
    return int(number) * _UNITS[unit]


def cursor_text(cursor: Cursor) -> str:
    """A cursor as the command line spells it."""
    return f"{cursor.at}/{cursor.id}"


def cursor_from(text: str) -> Cursor:
    """The cursor of that text; raises `DeskRefused`."""
    at, joint, id_ = text.partition("/")
    if not joint or not id_ or not at.isdecimal() or len(at) > 18:
        raise DeskRefused(f"--after {text!r}: give what the page before named as `next`")
    return Cursor(int(at), id_)
