"""Entries as an hledger journal: one transaction each, posting dates, everything else as tags."""

import re
from collections.abc import Iterable, Iterator

from asiento.accounting.journal import JournalEntry, Posting
from asiento.accounting.money import major_units_text
from schemas.entries import HashedEntry
from sinks.plaintext.account_names import ROOT_OF_UNKNOWN_ROLES, ROOTS, account_name
from sinks.plaintext.journal_facts import entry_facts, signed

TYPES = {"Assets": "A", "Liabilities": "L", "Income": "R", "Expenses": "X", ROOT_OF_UNKNOWN_ROLES: "E"}
"""Root -> its type of account."""

_NO_DESCRIPTION = re.compile(r"[;|\x00-\x1f\x7f\x85\u2028\u2029]+")
_NO_TAG_VALUE = re.compile(r"[%,\[\]\x00-\x1f\x7f\x85\u2028\u2029]")


def render_hledger(entries: Iterable[HashedEntry]) -> Iterator[str]:
    """Pieces of the file in order: a header that fixes the decimal mark and the kinds of accounts, the transactions."""
    roots = "".join(f"account {root}  ; type: {TYPES[root]}\n" for root in (*ROOTS, ROOT_OF_UNKNOWN_ROLES))
    yield f"; Journal entries of asiento. Debits are positive.\ndecimal-mark .\n{roots}"
    for hashed in entries:
        yield _transaction(hashed.entry, hashed.content_hash)


def _transaction(entry: JournalEntry, content_hash: str) -> str:
    description = description_text(entry.memo)
    tags = "".join(f"    ; {name}: {tag_value(value)}\n" for name, value in entry_facts(entry, content_hash))
    legs = "".join(_leg(posting, entry) for posting in entry.postings)
    return f"\n{entry.posting_date} * ({entry.entry_kind}) {description}".rstrip() + f"\n{tags}{legs}"


def _leg(posting: Posting, entry: JournalEntry) -> str:
    amount = major_units_text(signed(posting), entry.currency_exponent)
    dimensions = ", ".join(f"{name}: {tag_value(value)}" for name, value in posting.dimensions)
    return f"    {account_name(posting.account)}  {amount} {entry.currency}{f'  ; {dimensions}' if dimensions else ''}\n"


def description_text(text: str) -> str:
    """Any text as the description of a transaction: what would end it becomes a blank."""
    return " ".join(_NO_DESCRIPTION.sub(" ", text).split())


def tag_value(text: str) -> str:
    """A tag ends at a comma or a line end, and a date in brackets moves its posting: these and the percent sign are written as in URLs."""
    return _NO_TAG_VALUE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), text)
