"""Reads a mapping file; every fault is told with its line and column, a misspelt name with the nearest one.

format: 1
ledger: xero                     # kind of ledger
version: 3                       # of this file, for people
rules:
  - role: psp_clearing           # what stands before the first colon of an account
    qualifier: stripe            # what stands after it; `st*`: what begins so; unset: any
    entity: ACME-ES              # further conditions: see CONDITIONS
    from: 2026-01-01             # first day, by posting date; unset: ever
    until: 2027-01-01            # first day on which it is over; unset: never
    to: {account: "1205"}        # or just the account; also tax_code, item, contact
contacts:
  - channel: amazon              # or customer_ref, entity, currency; unset: any
    to: C-2
"""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from asiento.accounting.money import CURRENCY_EXPONENTS
from asiento.runtime.yaml_files import FAULTS_SHOWN_MAX, Place, RefusedFile, YamlFile, read_yaml
from sinks.external.targets import Target
from sinks.mapping.faults import gaps, overlaps
from sinks.mapping.roles import JURISDICTION_ROLES
from sinks.mapping.rules import CONTACT_CONDITIONS, CONTACT_ROLE, NAMED_AFTER_ROLES, PLAIN_NAME, PLAIN_TEXT, ContactRule, MappingRules, Rule
from sinks.mapping.scopes import ANY_ENDING, CONDITIONS, EVER, NEVER, ROLES, Days, Pattern, Scope, pattern_of

FORMAT: Final = 1
FILE_KEYS: Final = ("format", "ledger", "version", "rules", "contacts")
RULE_KEYS: Final = ("role", "qualifier", "tax_jurisdiction", *CONDITIONS, "manual", "from", "until", "to")
CONTACT_KEYS: Final = ("customer_ref", *CONTACT_CONDITIONS, "from", "until", "to")
TARGET_KEYS: Final = ("account", "tax_code", "item", "contact")
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}")
_KIND: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ROLE: Final = re.compile(r"[^\x00-\x1f\x7f:]{1,256}")
_VERSION_MAX: Final = 2**31


class FileFault(NamedTuple):
    """What is wrong at a place of a file: `kind` is `format`, `overlap` or `gap`; line and column from 1."""

    kind: str
    line: int
    column: int
    field: str
    message: str


def examined(path: Path) -> tuple[MappingRules, tuple[FileFault, ...]]:
    """The rules of a file and all its faults; the rules are whole only where there is none.

    Raises `SettingsError` where there is no such file, `RefusedFile` where it is no YAML.
    """
    file = read_yaml(path)
    reading = _Reading(file)
    found = reading.rules_of(file.values)
    faults = [("format", field, message) for field, message in reading.faults]
    if not faults and not file.faults:
        together = [*overlaps(found.rules), *overlaps(found.contacts), *gaps(found.rules), *gaps(found.contacts)]
        faults = [(fault.kind, fault.field, fault.message) for fault in together]
    placed = [FileFault(kind, *file.places.get(field, Place(1, 1)), field, message) for kind, field, message in faults]
    placed += [FileFault("format", *fault.place, fault.field, fault.message) for fault in file.faults]
    return found, tuple(sorted(placed, key=lambda fault: fault[1:]))


def read_rules(path: Path) -> MappingRules:
    """The rules of a file.

    Raises `SettingsError` where there is no such file, `RefusedFile` with all faults and their places where it cannot be used:
    overlaps and gaps of days included.
    """
    found, faults = examined(path)
    if faults:
        shown = [f"{path}:{fault.line}:{fault.column}: {fault.field}: {fault.message}" for fault in faults[:FAULTS_SHOWN_MAX]]
        more = [f"{path}: {len(faults) - len(shown)} more of them"] if len(faults) > len(shown) else []
        raise RefusedFile("\n".join([*shown, *more]))
    return found


def normal_rate(rate: str) -> str:
    """A rate as it is compared: 0.210 and 0.21 are the same."""
    return rate.rstrip("0").rstrip(".") if "." in rate else rate


class _Reading:
    """Reads values and collects what is wrong with them."""

    def __init__(self, file: YamlFile) -> None:
        self.faults: list[tuple[str, str]] = []
        self._places = file.places
        self._plain_text = file.values.get("ledger") in (PLAIN_TEXT, *NAMED_AFTER_ROLES)

    def rules_of(self, values: Mapping[str, Any]) -> MappingRules:
        self._known(values, FILE_KEYS, "")
        if values.get("format") != FORMAT or isinstance(values.get("format"), bool):
            self.faults.append(("format", f"{FORMAT} is expected: the only format there is"))
        version = values.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= _VERSION_MAX:
            self.faults.append(("version", "a number from 1 on is expected; raise it with every change"))
            version = 1
        ledger = values.get("ledger")
        if not isinstance(ledger, str) or not _KIND.fullmatch(ledger):
            self.faults.append(("ledger", "the kind of ledger is expected, as in the file of connections: xero"))
            ledger = ""
        return MappingRules(
            ledger=ledger,
            version=version,
            rules=tuple(self._rule(rule, field) for rule, field in self._items(values.get("rules"), "rules", needed=True)),
            contacts=tuple(self._contact(rule, field) for rule, field in self._items(values.get("contacts"), "contacts", needed=False)),
        )

    def _rule(self, values: Mapping[str, Any], field: str) -> Rule:
        self._known(values, RULE_KEYS, field)
        role = self._role(values, field)
        conditions = tuple(
            (name, self._condition(name, values[name], f"{field}.{name}")) for name in CONDITIONS if values.get(name) is not None
        )
        return Rule(
            field=field,
            line=self._line(field),
            scopes=tuple(Scope(role, pattern, conditions) for pattern in self._patterns(role, values, field)),
            days=self._days(values, field),
            target=self._target(values.get("to"), f"{field}.to"),
        )

    def _role(self, values: Mapping[str, Any], field: str) -> str:
        role, manual = values.get("role"), values.get("manual", False)
        place = f"{field}.role" if "role" in values else field
        if not isinstance(role, str) or not _ROLE.fullmatch(role):
            self.faults.append((place, "a role is expected, without a colon: what follows a colon in an account is the `qualifier`"))
            return ""
        if not isinstance(manual, bool):
            self.faults.append((f"{field}.manual", "true is expected, or nothing"))
        elif manual and role in ROLES:
            self.faults.append((f"{field}.manual", f"{role} is a role of the program: leave `manual` out"))
        elif not manual and role not in ROLES:
            self.faults.append((place, f"{_unknown(role, ROLES, 'role')}; what manual journals name besides needs `manual: true`"))
        return role

    def _patterns(self, role: str, values: Mapping[str, Any], field: str) -> tuple[Pattern | None, ...]:
        qualifier, jurisdiction = values.get("qualifier"), values.get("tax_jurisdiction")
        if qualifier is not None and jurisdiction is not None:
            self.faults.append((f"{field}.tax_jurisdiction", "is the beginning of the qualifier: leave one of the two out"))
        if jurisdiction is not None:
            text = self._text(jurisdiction, f"{field}.tax_jurisdiction")
            if role not in JURISDICTION_ROLES:
                known = ", ".join(sorted(JURISDICTION_ROLES))
                self.faults.append((f"{field}.tax_jurisdiction", f"{role} does not say the jurisdiction of a tax; these do: {known}"))
            return (Pattern(text), Pattern(f"{text}:", beginning=True))
        if qualifier is None:
            return (None,)
        return (self._pattern(qualifier, f"{field}.qualifier"),)

    def _pattern(self, value: Any, field: str) -> Pattern:
        text = self._text(value, field)
        if text == ANY_ENDING:
            self.faults.append((field, "leave it out where any is meant"))
        elif ANY_ENDING in text[:-1]:
            self.faults.append((field, f"{ANY_ENDING} stands at the end only"))
        return pattern_of(text)

    def _condition(self, name: str, value: Any, field: str) -> str:
        text = self._text(value, field)
        if name == "currency" and text and text not in CURRENCY_EXPONENTS:
            self.faults.append((field, f"{_unknown(text, CURRENCY_EXPONENTS, 'currency')}"))
        return normal_rate(text) if name == "tax_rate" else text

    def _contact(self, values: Mapping[str, Any], field: str) -> ContactRule:
        self._known(values, CONTACT_KEYS, field)
        reference = values.get("customer_ref")
        conditions = tuple(
            (name, self._condition(name, values[name], f"{field}.{name}")) for name in CONTACT_CONDITIONS if values.get(name) is not None
        )
        pattern = None if reference is None else self._pattern(reference, f"{field}.customer_ref")
        return ContactRule(
            field=field,
            line=self._line(field),
            scopes=(Scope(CONTACT_ROLE, pattern, conditions),),
            days=self._days(values, field),
            contact=self._text(values.get("to"), f"{field}.to"),
        )

    def _target(self, value: Any, field: str) -> Target:
        if not isinstance(value, dict):
            return Target(account=self._account(value, field))
        self._known(value, TARGET_KEYS, field)
        more = {name: self._text(value[name], f"{field}.{name}") for name in TARGET_KEYS[1:] if value.get(name) is not None}
        return Target(account=self._account(value.get("account"), f"{field}.account"), **more)

    def _account(self, value: Any, field: str) -> str:
        account = self._text(value, field)
        if account == PLAIN_NAME and not self._plain_text:
            self.faults.append((field, f"{PLAIN_NAME} is for `ledger: {PLAIN_TEXT}` only: name the account"))
        return account

    def _days(self, values: Mapping[str, Any], field: str) -> Days:
        first, end = (self._day(values.get(name), f"{field}.{name}") for name in ("from", "until"))
        if first and end and first >= end:
            self.faults.append(
                (f"{field}.until", f"is not after {first}, so the rule never holds: it is the first day on which it is over")
            )
        return Days(first or EVER, end or NEVER)

    def _day(self, value: Any, field: str) -> str | None:
        if value is None:
            return None
        try:
            if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
                return value
        except ValueError:
            pass
        self.faults.append((field, "a day like 2026-01-31 is expected"))
        return None

    def _text(self, value: Any, field: str) -> str:
        if isinstance(value, str) and _TEXT.fullmatch(value):
            return value
        if field not in self._places:
            rule, _, name = field.rpartition(".")
            self.faults.append((rule, f"`{name}` is missing"))
            return ""
        self.faults.append((field, "a text is expected; put quotes around numbers and words like true, no"))
        return ""

    def _items(self, value: Any, field: str, *, needed: bool) -> list[tuple[Mapping[str, Any], str]]:
        if value is None and not needed:
            return []
        if not isinstance(value, list) or not value:
            self.faults.append((field, "a list is expected, with one `- ` for each"))
            return []
        found: list[tuple[Mapping[str, Any], str]] = []
        for number, item in enumerate(value):
            if isinstance(item, dict):
                found.append((item, f"{field}[{number}]"))
            else:
                self.faults.append((f"{field}[{number}]", "`name: value` lines are expected"))
        return found

    def _known(self, values: Mapping[str, Any], keys: Collection[str], field: str) -> None:
        self.faults += [(f"{field}.{key}" if field else key, _unknown(key, keys, "key here")) for key in values if key not in keys]

    def _line(self, field: str) -> int:
        return self._places[field].line


def _unknown(word: str, known: Iterable[str], what: str) -> str:
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0)
    return f"{word} is no {what}; the nearest is {near[0]}"
