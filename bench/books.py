"""Whether nothing was lost on the way from events to the ledger, and whether two ledgers hold the same books."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from asiento.runtime.settings import Settings
from bench.topics import Record, committed_since
from bench.visibility import ledger_rows
from schemas.decisions import decode_decisions
from schemas.entries import decode_entry
from schemas.topics import ACCOUNTING_DECISIONS, ACCOUNTING_ENTRIES


def committed(settings: Settings, name: str) -> Iterable[Record]:
    """All committed records of a topic."""
    begin = dict.fromkeys(range(settings.partitions), 0)
    return committed_since(str(settings.kafka_bootstrap_servers), settings.topic(name), begin)


def losses(settings: Settings, ledger_url: str, events: int) -> list[str]:
    """What is missing, in words: an outcome for every event, one row in the ledger for every entry, and no other."""
    outcomes = {
        (record.partition, outcome.offset)
        for record in committed(settings, ACCOUNTING_DECISIONS)
        for outcome in decode_decisions(record.value).outcomes
    }
    entries = [decode_entry(record.value) for record in committed(settings, ACCOUNTING_ENTRIES)]
    words = []
    if len(outcomes) != events:
        words.append(f"{events} events, but outcomes of {len(outcomes)}")
    known = {found.entry.entry_id: found.content_hash for found in entries}
    if len(known) != len(entries):
        words.append(f"{len(entries) - len(known)} entries were written twice")
    return words + differing_rows(known, ledger_rows(ledger_url))


def differing_rows(entries: Mapping[str, str], rows: Mapping[str, str]) -> list[str]:
    """Entries (id -> content hash) against the rows of a ledger, in words."""
    words = []
    if missing := len(entries.keys() - rows.keys()):
        words.append(f"{missing} of {len(entries)} entries are not in the ledger")
    if foreign := len(rows.keys() - entries.keys()):
        words.append(f"{foreign} rows of the ledger are no entries")
    if altered := sum(rows[one] != content_hash for one, content_hash in entries.items() if one in rows):
        words.append(f"{altered} rows of the ledger have another content")
    return words


def books_digest(rows: Mapping[str, str]) -> str:
    """One digest of all rows, whatever their order."""
    told: Any = sha256()
    for one in sorted(rows.items()):
        told.update(repr(one).encode())
    return str(told.hexdigest())


def sqlite_url(path: Path) -> str:
    """The URL of a ledger in a file."""
    return f"sqlite:///{path}"
