"""Which ledgers outside are written to, and how: the file of ASIENTO_LEDGER_CONNECTIONS.

connections:
  books-es:                        # the name in acks, metrics and commands; never change it, keys are made of it
    kind: tryton
    base_url: https://erp.example  # HTTPS, or http to this machine
    entities: [ACME-ES]            # legal entities whose entries go there; unset: all
    currencies: [EUR]              # currencies of entries that go there; unset: all
    mode: journals                 # or documents
    posting: entry                 # or summary
    closed_periods: park           # or next_open, or reject
    mapping: mapping-es.yaml       # beside this file; unset: ASIENTO_MAPPING
    secrets: {api_key: api-key.txt}   # name -> file that holds it
    options: {company: "1"}        # of this kind of ledger
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from asiento.runtime.loopback import on_loopback
from asiento.runtime.yaml_files import read_yaml
from sinks.external.capabilities import CallLimits

NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
RESERVED: Final = frozenset({"ledger", "projector", "sqlite", "postgresql"})
"""Names of sinks, and of the embedded ledger in acks."""
KEYS: Final = (
    "kind",
    "base_url",
    "entities",
    "currencies",
    "mode",
    "posting",
    "summary_closes_after_hours",
    "closed_periods",
    "reconcile_every_hours",
    "reconcile_days",
    "mapping",
    "limits",
    "secrets",
    "options",
)
LIMIT_KEYS: Final = ("per_second", "per_minute", "per_day")
SUMMARY_CLOSES_AFTER_HOURS_DEFAULT: Final = 6
RECONCILE_EVERY_HOURS_DEFAULT: Final = 24
RECONCILE_DAYS_DEFAULT: Final = 35
"""A month, and what was late for it."""
_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]{1,256}")


class Mode(StrEnum):
    """How entries are told."""

    JOURNALS = "journals"
    DOCUMENTS = "documents"


class Posting(StrEnum):
    """One document for each entry, or one journal a day, channel and currency."""

    ENTRY = "entry"
    SUMMARY = "summary"


class ClosedPeriods(StrEnum):
    """What becomes of a document whose day is closed there."""

    PARK = "park"
    NEXT_OPEN = "next_open"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection. Secrets are read from their files when they are needed; `options` are texts whose names the kind knows."""

    name: str
    kind: str
    base_url: str | None = None
    entities: frozenset[str] | None = None
    currencies: frozenset[str] | None = None
    mode: Mode = Mode.JOURNALS
    posting: Posting = Posting.ENTRY
    summary_closes_after_hours: int = SUMMARY_CLOSES_AFTER_HOURS_DEFAULT
    closed_periods: ClosedPeriods = ClosedPeriods.PARK
    reconcile_every_hours: int = RECONCILE_EVERY_HOURS_DEFAULT
    reconcile_days: int = RECONCILE_DAYS_DEFAULT
    mapping: Path | None = None
    limits: CallLimits | None = None
    secrets: Mapping[str, Path] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def takes(self, legal_entity: str, currency: str) -> bool:
        """Whether entries of this entity in this currency go there."""
        return (self.entities is None or legal_entity in self.entities) and (self.currencies is None or currency in self.currencies)


def load_connections(path: Path) -> dict[str, Connection]:
    """The connections of a file by name.

    Raises `SettingsError` where there is no such file, `RefusedFile` with all faults and their places where it cannot be used.
    """
    file = read_yaml(path)
    faults = [(key, "is no key here; there is `connections`") for key in file.values if key != "connections"]
    listed = file.values.get("connections")
    if not isinstance(listed, dict) or not listed:
        faults.append(("connections", "a mapping of `name: {kind: ...}` is expected"))
        listed = {}
    reading = _Reading(faults, path.parent)
    found = {name: reading.connection(name, content) for name, content in listed.items()}
    if faults or file.faults:
        raise file.refusal(faults)
    return found


class _Reading:
    """Reads values and collects what is wrong with them."""

    def __init__(self, faults: list[tuple[str, str]], folder: Path) -> None:
        self._faults = faults
        self._folder = folder

    def connection(self, name: str, content: Any) -> Connection:
        place = f"connections.{name}"
        if not NAME.fullmatch(name) or name in RESERVED:
            words = f"a name of small letters, digits and dashes is expected, at most 40, and none of {', '.join(sorted(RESERVED))}"
            self._faults.append((place, words))
        values = self._mapping(content, place)
        self._faults += [(f"{place}.{key}", f"is no key here; there are {', '.join(KEYS)}") for key in values if key not in KEYS]
        entities = self._list(values.get("entities"), f"{place}.entities")
        currencies = self._list(values.get("currencies"), f"{place}.currencies")
        mapping = values.get("mapping")
        return Connection(
            name=name,
            kind=self._word(values.get("kind"), f"{place}.kind"),
            base_url=self._base_url(values.get("base_url"), f"{place}.base_url"),
            entities=frozenset(entities) if entities else None,
            currencies=frozenset(currencies) if currencies else None,
            mode=self._choice(Mode, values.get("mode"), Mode.JOURNALS, f"{place}.mode"),
            posting=self._choice(Posting, values.get("posting"), Posting.ENTRY, f"{place}.posting"),
            summary_closes_after_hours=self._number(
                values.get("summary_closes_after_hours", SUMMARY_CLOSES_AFTER_HOURS_DEFAULT), f"{place}.summary_closes_after_hours", 0, 240
            ),
            closed_periods=self._choice(ClosedPeriods, values.get("closed_periods"), ClosedPeriods.PARK, f"{place}.closed_periods"),
            reconcile_every_hours=self._number(
                values.get("reconcile_every_hours", RECONCILE_EVERY_HOURS_DEFAULT), f"{place}.reconcile_every_hours", 0, 720
            ),
            reconcile_days=self._number(values.get("reconcile_days", RECONCILE_DAYS_DEFAULT), f"{place}.reconcile_days", 1, 400),
            mapping=None if mapping is None else self._folder / self._word(mapping, f"{place}.mapping"),
            limits=self._limits(values.get("limits"), f"{place}.limits"),
            secrets={key: self._folder / text for key, text in self._texts(values.get("secrets"), f"{place}.secrets").items()},
            options=self._texts(values.get("options"), f"{place}.options"),
        )

    def _mapping(self, value: Any, place: str) -> dict[str, Any]:
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self._faults.append((place, "a mapping is expected"))
        return {}

    def _list(self, value: Any, place: str) -> list[str]:
        if value is None:
            return []
        if isinstance(value, list) and value:
            return [self._word(item, f"{place}[{number}]") for number, item in enumerate(value)]
        self._faults.append((place, "a list of texts is expected"))
        return []

    def _word(self, value: Any, place: str) -> str:
        if isinstance(value, str) and _TEXT.fullmatch(value):
            return value
        self._faults.append((place, "a text is expected; put quotes around numbers"))
        return ""

    def _texts(self, value: Any, place: str) -> dict[str, str]:
        return {key: self._word(text, f"{place}.{key}") for key, text in self._mapping(value, place).items()}

    def _choice(self, words: Any, value: Any, default: Any, place: str) -> Any:
        if value is None:
            return default
        if isinstance(value, str) and value in tuple(words):
            return words(value)
        self._faults.append((place, f"one of {', '.join(words)} is expected"))
        return default

    def _number(self, value: Any, place: str, low: int, high: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._faults.append((place, f"a number from {low} to {high} is expected"))
        return low

    def _limits(self, value: Any, place: str) -> CallLimits | None:
        values = self._mapping(value, place)
        if not values:
            return None
        self._faults += [
            (f"{place}.{key}", f"is no key here; there are {', '.join(LIMIT_KEYS)}") for key in values if key not in LIMIT_KEYS
        ]
        return CallLimits(**{key: self._number(values[key], f"{place}.{key}", 1, 1_000_000) for key in LIMIT_KEYS if key in values})

    def _base_url(self, value: Any, place: str) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
        safe = parts.hostname and not (parts.username or parts.password or parts.query or parts.fragment)
        if safe and (parts.scheme == "https" or (parts.scheme == "http" and on_loopback(str(parts.hostname)))):
            return str(value).rstrip("/")
        self._faults.append((place, "a URL like https://erp.example is expected, without a password; http to this machine only"))
        return None
