"""One transaction as a piece of text: how a document becomes one, and what a file says of those that it holds."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from uuid import UUID

from asiento.accounting.money import major_units_text
from sinks.connectors.plain_files.dialect import Dialect, Leg
from sinks.external.documents import DocumentKind, LedgerDocument, LedgerLine

ENTRY_IDS_SHOWN_MAX: Final = 20
"""A summary of more entries shows how many they are; which ones is kept where it was planned."""
LINES_MAX: Final = 10_000

_BLOCK = re.compile(r"^\d{4}-\d\d-\d\d .*(?:\n[ \t]+\S.*)*\n?", re.MULTILINE)
_DIMENSION = re.compile(r"[a-z][a-z0-9_-]+")
_OURS: Final = frozenset({"role", "description", "contact", "other_dimensions"})
_CURRENCY = re.compile(r"[A-Z]{3,12}")


@dataclass(frozen=True)
class Block:
    """One transaction of a file; `line` is where it begins there, from 1."""

    text: str
    dialect: Dialect
    line: int = 1

    @property
    def date(self) -> str:
        """The day it is booked on."""
        return self.text[:10]

    @cached_property
    def facts(self) -> dict[str, str]:
        """Its metadata."""
        return dict(self.dialect.read_facts(self.text))

    @property
    def key(self) -> str | None:
        """Our key; None for a transaction that somebody wrote."""
        return self.facts.get("key")

    @property
    def place(self) -> str:
        """What its unit is a beginning of."""
        return f"{self.date}-{self.facts.get('key', '')}"

    @cached_property
    def order(self) -> tuple[str, str, int, str]:
        """By day, then by what keeps its order together, then by key: the same for the same transactions, however they came."""
        sequence = self.facts.get("sequence", "")
        return self.date, self.facts.get("group", ""), int(sequence) if sequence.isdecimal() else 0, self.facts.get("key", "")

    @property
    def edited(self) -> bool:
        """Whether somebody changed it, or wrote it."""
        checksum = self.facts.get("checksum", "")
        return _checksum(self.text.replace(self.dialect.facts((("checksum", checksum),)), "", 1)) != checksum

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Its postings."""
        return tuple(self.dialect.read_legs(self.text))


def block_of(document: LedgerDocument, digest: str, dialect: Dialect) -> Block:
    """The transaction of a journal; digest: the document's. Raises ValueError, with a message for people, where it has no form there."""
    problem = document_problem(document)
    problem = problem or next((found for line in document.lines if (found := dialect.account_problem(line.account))), None)
    if problem is not None:
        raise ValueError(f"{document.reference}: {problem}")
    first = dialect.first_line(document.date, document.reference, document.memo)
    legs = "".join(_leg(line, document, dialect) for line in document.lines)
    facts = _facts(document, digest)
    checksum = _checksum(first + dialect.facts(facts) + legs)
    return Block(first + dialect.facts((*facts, ("checksum", checksum))) + legs, dialect)


def document_problem(document: LedgerDocument) -> str | None:
    """What stands against a document in any book of text, whatever its accounts."""
    if document.kind is not DocumentKind.JOURNAL:
        return f"a {document.kind} has no form in a book of transactions: entries go there as journals"
    if len(document.lines) > LINES_MAX:
        return f"{len(document.lines)} lines; at most {LINES_MAX} are taken"
    if not _is_key(document.key):
        return f"its key {document.key!r} is no UUID"
    if not _is_day(document.date):
        return f"{document.date!r} is no day from 1900 to 2099"
    return None if _CURRENCY.fullmatch(document.currency) else f"{document.currency!r} is no code of a currency"


def blocks_in(text: str, dialect: Dialect) -> Iterator[Block]:
    """The transactions of a file; what has no postings is none."""
    line, behind = 1, 0
    for found in _BLOCK.finditer(text):
        line += text.count("\n", behind, found.start())
        behind = found.start()
        yield Block(found[0], dialect, line)


def _facts(document: LedgerDocument, digest: str) -> tuple[tuple[str, str], ...]:
    many = len(document.entry_ids) > ENTRY_IDS_SHOWN_MAX
    facts = (
        ("key", document.key),
        ("reference", document.reference),
        ("group", document.group),
        ("sequence", str(document.sequence)),
        ("legal_entity", document.legal_entity),
        ("original_date", document.original_date or ""),
        ("entry_ids", "" if many else " ".join(document.entry_ids)),
        ("entries", str(len(document.entry_ids)) if many else ""),
        ("digest", digest),
    )
    return tuple((name, value) for name, value in facts if value)


def _leg(line: LedgerLine, document: LedgerDocument, dialect: Dialect) -> str:
    leg = Leg(account=line.account, amount=major_units_text(line.amount, document.currency_exponent), currency=document.currency)
    named = {name: value for name, value in line.dimensions if _DIMENSION.fullmatch(name) and name not in dialect.reserved | _OURS}
    others = "; ".join(f"{name}={value}" for name, value in line.dimensions if named.get(name) != value)
    facts = (
        ("role", line.role),
        ("contact", line.contact or ""),
        ("description", "" if line.description in (document.memo, line.role) else line.description),
        *sorted(named.items()),
        ("other_dimensions", others),
    )
    return dialect.leg(leg, [(name, value) for name, value in facts if value])


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"


def _is_key(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _is_day(text: str) -> bool:
    try:
        return "1900" <= text[:4] <= "2099" and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
