"""The rules of one ledger in use: what the planner asks, answered from memory after the first time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from asiento.accounting.journal import JournalEntry, Posting
from sinks.external.targets import Target, Unmapped
from sinks.mapping.reading import normal_rate, read_rules
from sinks.mapping.rules import CONTACT_CONDITIONS, CONTACT_ROLE, PLAIN_NAME, MappingRules, Rule
from sinks.mapping.scopes import ANY_ROLE, CONDITIONS, ROLES, Days, Scope
from sinks.plaintext.account_names import account_name

REMEMBERED_MAX: Final = 50_000
"""Most answers that are remembered at once, and most accounts; then they are found again."""

_Key = tuple[str | None, ...]
_Dated = tuple[Days, Target]


def load_mapping(path: Path) -> "LedgerMapping":
    """The mapping of a file; raises as `read_rules`."""
    return LedgerMapping(read_rules(path), str(path))


@dataclass(slots=True)
class _Account:
    """What is to be known to find the rules of an account: `names` are the conditions that any of its rules has."""

    rules: tuple[tuple[Scope, Days, Target], ...]
    names: tuple[str, ...]
    role: str
    qualifier: str | None
    found: dict[_Key, tuple[_Dated, ...]] = field(default_factory=dict)


class LedgerMapping:
    """Finds the most specific rule (`sinks.mapping.scopes`) that holds on the posting date."""

    def __init__(self, rules: MappingRules, name: str = "the mapping") -> None:
        self.rules = rules
        self._name = name
        self._digest = rules.digest
        self._by_role: dict[str, list[tuple[Scope, Rule]]] = {}
        pairs = [(scope, rule) for rule in rules.rules for scope in rule.scopes]
        for pair in sorted(pairs, key=lambda pair: pair[0].rank(), reverse=True):
            self._by_role.setdefault(pair[0].role, []).append(pair)
        self._contacts = sorted(
            [(scope, rule) for rule in rules.contacts for scope in rule.scopes],
            key=lambda pair: pair[0].rank(CONTACT_CONDITIONS),
            reverse=True,
        )
        self._accounts: dict[str, _Account] = {}
        self._remembered = 0

    @property
    def digest(self) -> str:
        """Changes whenever a rule does."""
        return self._digest

    def target(self, entry: JournalEntry, posting: Posting) -> Target:
        """The target of a posting on its entry's posting date. Raises `Unmapped`."""
        account = self._accounts.get(posting.account) or self._account(posting.account)
        names = account.names
        key = values_of(entry, posting, names) if names else ()
        dated = account.found.get(key)
        if dated is None:
            dated = self._find(account, key)
        day = entry.posting_date
        for days, target in dated:
            if days.first <= day < days.end:
                return target
        raise self._unmapped(account, entry, posting, key)

    def contact(self, entry: JournalEntry) -> str:
        """The customer that documents of this entry name. Raises `Unmapped`."""
        reference = entry.document.customer_ref if entry.document is not None else None
        values = {"entity": entry.legal_entity, "channel": entry.channel, "currency": entry.currency}
        for scope, rule in self._contacts:
            if entry.posting_date in rule.days and scope.matches(CONTACT_ROLE, reference, values.get):
                return rule.contact
        place = f"{entry.legal_entity}/{entry.currency}/{entry.channel}"
        raise Unmapped(
            f"contact/{place}",
            f"{self._name} names no customer for channel {entry.channel}, entity {entry.legal_entity}, currency {entry.currency} on"
            f" {entry.posting_date}: add one to `contacts`",
        )

    def _account(self, account: str) -> _Account:
        role, _, qualifier = account.partition(":")
        pairs = [*self._by_role.get(role, ()), *([] if role in ROLES or role == ANY_ROLE else self._by_role.get(ANY_ROLE, ()))]
        own = qualifier or None
        rules = tuple(
            (scope, rule.days, _named(rule.target, account))
            for scope, rule in pairs
            if scope.pattern is None or (own is not None and scope.pattern.matches(own))
        )
        used = {name for scope, _, _ in rules for name, _ in scope.values}
        found = _Account(rules, tuple(name for name in CONDITIONS if name in used), role, own)
        if len(self._accounts) >= REMEMBERED_MAX:
            self._forget()
        self._accounts[account] = found
        return found

    def _find(self, account: _Account, key: _Key) -> tuple[_Dated, ...]:
        value: Callable[[str], str | None] = dict(zip(account.names, key, strict=True)).get
        dated = tuple(
            (days, target) for scope, days, target in account.rules if all(value(name) == wanted for name, wanted in scope.values)
        )
        if self._remembered >= REMEMBERED_MAX:
            for each in self._accounts.values():
                each.found.clear()
            self._remembered = 0
        account.found[key] = dated
        self._remembered += 1
        return dated

    def _forget(self) -> None:
        self._accounts.clear()
        self._remembered = 0

    def _unmapped(self, account: _Account, entry: JournalEntry, posting: Posting, key: _Key) -> Unmapped:
        stated = [(name, value) for name, value in zip(account.names, key, strict=True) if name not in ("entity", "currency") and value]
        about = "/".join([posting.account, entry.legal_entity, entry.currency, *[f"{name}={value}" for name, value in stated]])
        qualifier = f", qualifier: {account.qualifier}" if account.qualifier else ""
        manual = "" if account.role in ROLES else ", manual: true"
        return Unmapped(
            about,
            f"{self._name} has no rule for {about} on {entry.posting_date}: add one with role: {account.role}{qualifier}{manual},"
            " or widen one (`asiento mapping suggest`)",
        )


def values_of(entry: JournalEntry, posting: Posting, names: tuple[str, ...]) -> _Key:
    """What a posting says to each condition; None where it says nothing. Its own channel counts before that of the entry."""
    dimensions = dict(posting.dimensions)
    found: list[str | None] = []
    for name in names:
        if name == "entity":
            found.append(entry.legal_entity)
        elif name == "currency":
            found.append(entry.currency)
        elif name == "channel":
            found.append(dimensions.get(name, entry.channel))
        elif name == "tax_rate" and name in dimensions:
            found.append(normal_rate(dimensions[name]))
        else:
            found.append(dimensions.get(name))
    return tuple(found)


def _named(target: Target, account: str) -> Target:
    return replace(target, account=account_name(account)) if target.account == PLAIN_NAME else target
