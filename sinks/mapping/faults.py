"""What is wrong with rules together: two that say where the same posting goes, and days on which none does."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sinks.mapping.rules import Dated
from sinks.mapping.scopes import ALWAYS, ANY_ROLE, ROLES, Days, Scope


class RuleFault(NamedTuple):
    """A fault at a rule: `kind` is `overlap` or `gap`; the rule's field, its line and the line of the other rule."""

    kind: str
    field: str
    line: int
    other_line: int
    message: str


def overlaps(rules: Iterable[Dated]) -> list[RuleFault]:
    """Pairs of rules with the same conditions and a day in common, each at the later one of the file."""
    same: dict[Scope, list[Dated]] = defaultdict(list)
    for rule in rules:
        for scope in rule.scopes:
            same[scope].append(rule)
    found: dict[tuple[int, int], RuleFault] = {}
    for scope, members in same.items():
        for earlier, later in _pairs(members):
            days = Days(max(earlier.days.first, later.days.first), min(earlier.days.end, later.days.end))
            found[earlier.line, later.line] = RuleFault(
                "overlap",
                later.field,
                later.line,
                earlier.line,
                f"says where {scope} goes {days}, and so does the rule in line {earlier.line}:"
                " give them days that do not meet (`from`, `until`), or one of them a further condition",
            )
    return list(found.values())


def _pairs(members: list[Dated]) -> list[tuple[Dated, Dated]]:
    """Of one group, each rule that meets an earlier one in time, with that of those that lasts longest; in the order of the file."""
    met: list[tuple[Dated, Dated]] = []
    longest: Dated | None = None
    for rule in sorted(members, key=lambda one: (one.days, one.line)):
        if longest is not None and rule.days.first < longest.days.end:
            first, second = sorted((longest, rule), key=lambda one: (one.line, one.field))
            met.append((first, second))
        if longest is None or rule.days.end > longest.days.end:
            longest = rule
    return met


def gaps(rules: Sequence[Dated]) -> list[RuleFault]:
    """Days on which nothing says where postings go that rules before and after these days are about, each at the rule after them.

    Before the first and after the last rule there is no gap: a ledger begins and ends some day. What more general conditions
    miss as well is told of those only.
    """
    by_role: dict[str, list[tuple[Scope, Dated]]] = defaultdict(list)
    for rule in rules:
        for scope in rule.scopes:
            by_role[scope.role].append((scope, rule))
    found: list[_Gap] = []
    for role, own in by_role.items():
        always = {scope for scope, rule in own if rule.days == ALWAYS}
        others = own if role in ROLES or role == ANY_ROLE else [*own, *by_role.get(ANY_ROLE, ())]
        for scope in dict.fromkeys(scope for scope, _ in own if scope not in always):
            found += _gaps_of(scope, others)
    return [_fault_of(gap) for gap in found if not any(other.days == gap.days and _wider(other.scope, gap.scope) for other in found)]


class _Gap(NamedTuple):
    scope: Scope
    days: Days
    before: Dated
    after: Dated


def _gaps_of(scope: Scope, rules: Iterable[tuple[Scope, Dated]]) -> list[_Gap]:
    covering = sorted((rule for of, rule in rules if of.covers(scope)), key=lambda rule: (rule.days, rule.line))
    found: list[_Gap] = []
    last = covering[0]
    for rule in covering[1:]:
        if rule.days.first > last.days.end:
            found.append(_Gap(scope, Days(last.days.end, rule.days.first), last, rule))
        if rule.days.end > last.days.end:
            last = rule
    return found


def _wider(scope: Scope, than: Scope) -> bool:
    return scope != than and scope.covers(than)


def _fault_of(gap: _Gap) -> RuleFault:
    return RuleFault(
        "gap",
        gap.after.field,
        gap.after.line,
        gap.before.line,
        f"nothing says where {gap.scope} goes {gap.days}: the rule in line {gap.before.line} ends before this one begins;"
        " let it end on the day this one begins",
    )
