"""Summaries whose time has come, or that are full, become one journal each."""

from collections.abc import Iterator

from asiento.accounting.journal import JournalEntry
from schemas.entries import decode_entry
from sinks.intake.planning import Planner
from sinks.planner.summary import SUMMARY_ENTRIES_MAX, SummaryName, close_summary
from sinks.posting.rows import EntryRow, Planned, SummaryRow
from sinks.posting.store import PostingStore


def close_due_summaries(planner: Planner, store: PostingStore, now: int) -> int:
    """Close what is due by now, in the store's thread; answers how many. Raises `Unmapped`, `CannotTell`: the summary stays open."""
    due = store.intake.due_summaries(now, SUMMARY_ENTRIES_MAX)
    for summary in due:
        _close(planner, store, summary, now)
    return len(due)


def _close(planner: Planner, store: PostingStore, summary: SummaryRow, now: int) -> None:
    entries = list(_members(store, summary.name))
    document = close_summary(
        SummaryName.parsed(summary.subject),
        summary.generation,
        entries,
        planner.account_mapping,
        planner.capabilities,
        connection=planner.connection,
    )
    store.intake.close_summary(summary.name, Planned(documents=() if document is None else (document,)), len(entries), now)


def _members(store: PostingStore, name: str) -> Iterator[JournalEntry]:
    last: EntryRow | None = None
    while page := store.intake.summary_members(name, last):
        for row in page:
            if row.value is None:
                raise ValueError(f"entry {row.entry_id} of summary {name} is kept without its record")
            yield decode_entry(row.value).entry
        last = page[-1]
