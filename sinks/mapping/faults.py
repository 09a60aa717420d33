"""What is wrong with rules together: two that say where the same posting goes, and days on which none does."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from sinks.mapping.rules import Dated
from sinks.mapping.scopes import ALWAYS, ANY_ROLE, ROLES, Days, Pattern, Scope


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
    by_role: dict[str, dict[Scope, list[Dated]]] = defaultdict(lambda: defaultdict(list))
    for rule in rules:
        for scope in rule.scopes:
            by_role[scope.role][scope].append(rule)
    found: list[_Gap] = []
    for role, own in by_role.items():
        roles = (role,) if role in ROLES or role == ANY_ROLE or ANY_ROLE not in by_role else (role, ANY_ROLE)
        ways = [_Covering(each, by_role[each]) for each in roles]
        for scope, members in own.items():
            if all(rule.days != ALWAYS for rule in members):
                found += _gaps_of(scope, [rule for way in ways for rule in way.of(scope)])
    return [_fault_of(gap) for gap in found if not any(other.days == gap.days and _wider(other.scope, gap.scope) for other in found)]


class _Gap(NamedTuple):
    scope: Scope
    days: Days
    before: Dated
    after: Dated


class _Covering:
    """Finds the rules of a role that cover a scope: by asking for each scope that could, where these are fewer than there are scopes."""

    def __init__(self, role: str, rules: Mapping[Scope, list[Dated]]) -> None:
        self._role = role
        self._rules = rules
        self._lengths = sorted({len(one.pattern.text) for one in rules if one.pattern is not None and one.pattern.beginning})

    def of(self, scope: Scope) -> list[Dated]:
        """Every rule that is about all postings of the scope."""
        patterns: list[Pattern | None] = [None]
        if (own := scope.pattern) is not None:
            patterns += dict.fromkeys([own, *[Pattern(own.text[:length], True) for length in self._lengths if length <= len(own.text)]])
        if len(patterns) * 2 ** len(scope.values) > len(self._rules):
            return [rule for one, members in self._rules.items() if one.covers(scope) for rule in members]
        kept = [values for count in range(len(scope.values) + 1) for values in combinations(scope.values, count)]
        wider = [Scope(self._role, pattern, values) for pattern in patterns for values in kept]
        return [rule for one in wider for rule in self._rules.get(one, ())]


def _gaps_of(scope: Scope, rules: Iterable[Dated]) -> list[_Gap]:
    covering = sorted(rules, key=lambda rule: (rule.days, rule.line))
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
