"""Which postings have a rule: roles without one, rules that end, rules that nothing reaches."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from sinks.mapping.findings import Finding, FindingKind
from sinks.mapping.roles import ALL_POSTINGS, MANUAL_POSTINGS, ROLE_FACTS
from sinks.mapping.rules import MappingRules, Rule
from sinks.mapping.scopes import ANY_ROLE, NEVER, ROLES

_RULES_SHOWN_MAX = 5


def coverage(rules: MappingRules, entities: Collection[str] | None = None) -> list[Finding]:
    """What the rules leave out and what is too much in them; `entities`: the only ones whose entries go to the ledger."""
    by_role: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules.rules:
        by_role[rule.role].append(rule)
    found = [finding for role in sorted(ROLES) for finding in _of_role(role, by_role.get(role, []))]
    found += [finding for rule in rules.rules for finding in _reach(rule, entities)]
    return [*found, *_contacts(rules)]


def other_ledger(rules: MappingRules, kind: str) -> list[Finding]:
    """Whether the file is for another kind of ledger than that of a connection; a generic one is for any."""
    if rules.is_for(kind):
        return []
    message = f"the file is for {rules.ledger}, the connection is to {kind}: name the right file, or correct `ledger`"
    return [Finding(kind=FindingKind.WRONG_LEDGER, is_fault=True, about=rules.ledger, message=message)]


def _of_role(role: str, rules: list[Rule]) -> Iterator[Finding]:
    if not rules:
        yield Finding(
            kind=FindingKind.NO_RULE,
            is_fault=True,
            about=role,
            message=f"no rule is for {role}: its postings wait until there is one (`asiento mapping suggest` proposes it)",
        )
        return
    if all(rule.days.end != NEVER for rule in rules):
        last = max(rules, key=lambda rule: rule.days.end)
        yield Finding(
            kind=FindingKind.ENDS,
            is_fault=True,
            about=role,
            line=last.line,
            message=f"from {last.days.end} on no rule is for {role}: leave `until` out of this one, or add the rule that follows it",
        )
    if not any(scope.pattern is None and not scope.values for rule in rules for scope in rule.scopes):
        named = [str(scope) for rule in rules for scope in rule.scopes]
        shown = ", ".join(named[:_RULES_SHOWN_MAX]) + (" and more" if len(named) > _RULES_SHOWN_MAX else "")
        yield Finding(
            kind=FindingKind.SOME_ONLY,
            is_fault=False,
            about=role,
            line=rules[0].line,
            message=f"{role} has rules for {shown} only: others wait",
        )


def _reach(rule: Rule, entities: Collection[str] | None) -> Iterator[Finding]:
    facts = ROLE_FACTS.get(rule.role)
    possible = MANUAL_POSTINGS if facts is None else ALL_POSTINGS | facts.conditions
    for name, value in rule.scopes[0].values:
        if name not in possible:
            yield _unreachable(rule, name, f"postings of {_who(rule.role)} never have a {name}: leave it out")
        elif name == "entity" and entities is not None and value not in entities:
            yield _unreachable(rule, value, f"the connection takes entries of {', '.join(sorted(entities))} only")
    if facts is not None and facts.qualifier is None and rule.scopes[0].pattern is not None:
        yield Finding(
            kind=FindingKind.MANUAL_ONLY,
            is_fault=False,
            about=str(rule.scopes[0]),
            line=rule.line,
            message=f"the program books {rule.role} without a qualifier: only a manual journal that names one gets here",
        )


def _unreachable(rule: Rule, about: str, why: str) -> Finding:
    return Finding(kind=FindingKind.UNREACHABLE, is_fault=True, about=about, line=rule.line, message=f"this rule is never reached: {why}")


def _who(role: str) -> str:
    return "manual journals" if role == ANY_ROLE or role not in ROLES else role


def _contacts(rules: MappingRules) -> Iterator[Finding]:
    if not any(scope.pattern is None and not scope.values for rule in rules.contacts for scope in rule.scopes):
        which = "only some customers are named" if rules.contacts else "no customer is named"
        yield Finding(
            kind=FindingKind.NO_CONTACT,
            is_fault=False,
            about="contacts",
            message=f"{which}: documents, and lines that need a customer, wait; an entry of `contacts` with `to` alone is for all others",
        )
