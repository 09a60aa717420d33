"""The values of a mapping file: rules, customers, and the digest over what they say."""

import hashlib
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from sinks.external.targets import Target
from sinks.mapping.scopes import Days, Scope

GENERIC: Final = "generic"
"""`ledger` of a file that is for any kind."""
PLAIN_TEXT: Final = "plaintext"
"""`ledger` of a file for the kinds whose accounts can be named after roles."""
NAMED_AFTER_ROLES: Final = frozenset({"beancount", "hledger"})
"""These kinds."""
PLAIN_NAME: Final = "{name}"
"""In the place of an account: the name that the plain text ledgers give to the account of the posting."""
CONTACT_ROLE: Final = "contact"
"""In the place of a role in the scopes of customers."""
CONTACT_CONDITIONS: Final = ("entity", "channel", "currency")


class Dated(Protocol):
    """What stands in a file at a place, is about postings or customers, and holds on some days."""

    @property
    def field(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def scopes(self) -> tuple[Scope, ...]: ...
    @property
    def days(self) -> Days: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: `field` and `line` of the file; several scopes where it is written with a jurisdiction of tax."""

    field: str
    line: int
    scopes: tuple[Scope, ...]
    days: Days
    target: Target

    @property
    def role(self) -> str:
        """The role, or `*`."""
        return self.scopes[0].role


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRule:
    """One customer of the ledger, by whose documents name it."""

    field: str
    line: int
    scopes: tuple[Scope, ...]
    days: Days
    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRules:
    """What a file says: the kind of ledger it is for, its own version, the rules."""

    ledger: str
    version: int
    rules: tuple[Rule, ...]
    contacts: tuple[ContactRule, ...]

    def is_for(self, kind: str) -> bool:
        """Whether a ledger of this kind may be booked by these rules."""
        return self.ledger in (kind, GENERIC) or (self.ledger == PLAIN_TEXT and kind in NAMED_AFTER_ROLES)

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over ledger, rules and customers: neither their order nor how they are written changes it, nor the version."""
        rules = sorted(
            _row(scope, rule.days, [rule.target.account, rule.target.tax_code, rule.target.item, rule.target.contact])
            for rule in self.rules
            for scope in rule.scopes
        )
        contacts = sorted(_row(scope, rule.days, [rule.contact]) for rule in self.contacts for scope in rule.scopes)
        return hashlib.sha256(orjson.dumps([self.ledger, rules, contacts])).hexdigest()


def _row(scope: Scope, days: Days, goes_to: list[str | None]) -> str:
    pattern = None if scope.pattern is None else [scope.pattern.text, scope.pattern.beginning]
    return orjson.dumps([scope.role, pattern, scope.values, days.first, days.end, goes_to]).decode()
