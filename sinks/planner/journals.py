"""Journals: any entry with its own lines, or several entries added up."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from sinks.external.documents import LedgerLine
from sinks.planner.refusal import CannotTell

_ROLES_SHOWN_MAX: Final = 5


def merged(lines: Iterable[LedgerLine]) -> tuple[LedgerLine, ...]:
    """Lines that differ in nothing but the amount as one, where the first stood; amounts of 0 are dropped."""
    return _added_up(lines, lambda line: replace(line, amount=0))


def fitted(lines: Sequence[LedgerLine], lines_max: int) -> tuple[LedgerLine, ...]:
    """The lines, added up as far as a journal of this ledger needs it: as they are, per account and role, per account.

    Raises `CannotTell` where there are more accounts than lines: balanced parts cannot be made of it.
    """
    levels: tuple[Callable[[LedgerLine], Any], ...] = (_by_role, lambda line: (line.account, line.contact))
    found = merged(lines)
    for level in levels:
        if len(found) <= lines_max:
            return found
        found = _added_up(found, level)
    if len(found) > lines_max:
        raise CannotTell(
            f"the journal has {len(found)} accounts and this ledger takes {lines_max} lines: map more roles to the same account"
        )
    return found


def _by_role(line: LedgerLine) -> tuple[str | None, ...]:
    return line.account, line.role, line.contact


def _added_up(lines: Iterable[LedgerLine], key: Callable[[LedgerLine], Any]) -> tuple[LedgerLine, ...]:
    groups: dict[Any, list[LedgerLine]] = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    return tuple(line for line in map(_one, groups.values()) if line.amount)


def _one(lines: list[LedgerLine]) -> LedgerLine:
    first, *others = lines
    if not others:
        return first
    roles = sorted({line.role for line in lines})
    alike = all(line.dimensions == first.dimensions and line.role == first.role for line in others)
    shown = "+".join(roles[:_ROLES_SHOWN_MAX]) + ("+…" if len(roles) > _ROLES_SHOWN_MAX else "")
    return replace(
        first,
        amount=sum(line.amount for line in lines),
        role=shown,
        description=first.description if alike else shown,
        dimensions=tuple(pair for pair in first.dimensions if all(pair in line.dimensions for line in others)),
    )
