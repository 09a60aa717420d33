"""Entries as a beancount file: one transaction each, posting dates, everything else as metadata."""

from collections.abc import Iterable, Iterator

from asiento.accounting.journal import JournalEntry, Posting
from asiento.accounting.money import major_units_text
from schemas.entries import HashedEntry
from sinks.plaintext.account_names import account_name
from sinks.plaintext.journal_facts import entry_facts, signed

_ESCAPES = dict.fromkeys((*range(32), 127), " ") | str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
"""Beancount strings know these escapes; other control characters become blanks."""


def render_beancount(entries: Iterable[HashedEntry]) -> Iterator[str]:
    """Pieces of the file in order: a header, the transactions, then the `open` directives.

    Beancount sorts by date by itself, so accounts can be opened at the end: their first dates are known only then and
    the journal never has to be held in memory.
    """
    yield ';; Journal entries of asiento. Debits are positive.\noption "title" "asiento"\n'
    opened: dict[str, str] = {}
    for hashed in entries:
        entry = hashed.entry
        for posting in entry.postings:
            name = account_name(posting.account)
            opened[name] = min(opened.get(name, entry.posting_date), entry.posting_date)
        yield _transaction(entry, hashed.content_hash)
    yield "".join(["\n", *(f"{date} open {name}\n" for name, date in sorted(opened.items()))])


def _transaction(entry: JournalEntry, content_hash: str) -> str:
    facts = "".join(f"  {name}: {quoted(value)}\n" for name, value in entry_facts(entry, content_hash))
    return f"\n{entry.posting_date} * {quoted(entry.memo)}\n{facts}{''.join(_leg(posting, entry) for posting in entry.postings)}"


def _leg(posting: Posting, entry: JournalEntry) -> str:
    amount = major_units_text(signed(posting), entry.currency_exponent)
    dimensions = "".join(f"    {name}: {quoted(value)}\n" for name, value in posting.dimensions)
    return f"  {account_name(posting.account)}  {amount} {entry.currency}\n{dimensions}"


def quoted(text: str) -> str:
    """Any text as a beancount string on one line; other control characters than line ends and tabs become blanks."""
    return f'"{text.translate(_ESCAPES)}"'
