"""The side of the store that takes entries: offsets by compare-and-set, entries once, what waits and what is in a summary."""

from collections.abc import Iterable, Sequence
from typing import Final

from sinks.databases.database import Row
from sinks.ledger import OffsetRange, StreamIdentity
from sinks.posting.database import PostingSession
from sinks.posting.documents import Documents
from sinks.posting.errors import ForeignPostings, PostingMoved
from sinks.posting.rows import (
    EntryRow,
    EntryState,
    Impossible,
    Intake,
    Nothing,
    Plan,
    Planned,
    PostingRow,
    RaisedDiscrepancy,
    Summarized,
    SummaryRow,
    TakenCounts,
    TakenEntry,
    Waits,
    entry_row,
    posting_rows,
)
from sinks.posting.told import Outbox

PAGE_ENTRIES_MAX: Final = 1_000
"""Entries that are handed out at once to be planned again."""
SUMMARIES_MAX: Final = 100


class IntakeStore:
    """See the module; every method that writes is one transaction."""

    def __init__(self, session: PostingSession, documents: Documents, outbox: Outbox) -> None:
        self._session = session
        self._documents = documents
        self._outbox = outbox

    def bind(self, stream: StreamIdentity, partitions: Sequence[int]) -> dict[int, int]:
        """Bind partitions that are new; answer the next offset of each. Raises `ForeignPostings` for another stream's rows."""
        present = self._session.query("offsets")
        self._require_same(stream, partitions, present)
        known = {row[0] for row in present}
        with self._session.writing():
            fresh = [(number, stream.cluster_id, stream.topic_id) for number in partitions if number not in known]
            self._session.change_many("insert_offset", fresh)
        return {row[0]: row[3] for row in self._session.query("offsets")}

    def known(self, entry_ids: Iterable[str]) -> dict[str, str]:
        """The entries of these that were taken before, with their content hash: planning them again is of no use."""
        return dict(self._session.ask("known_entries", entry_ids))

    def orders_that_wait(self, order_keys: Iterable[str]) -> frozenset[str]:
        """The orders of these of which an entry waits."""
        return frozenset(row[0] for row in self._session.ask("waiting_of_orders", sorted(set(order_keys))))

    def documents_of(self, groups: Iterable[str]) -> dict[str, tuple[PostingRow, ...]]:
        """All documents of these groups, whatever became of them, in their order."""
        found: dict[str, list[PostingRow]] = {}
        for row in posting_rows(list(self._session.ask("postings_of_groups", sorted(set(groups))))):
            found.setdefault(row.document.group, []).append(row)
        return {group: tuple(rows) for group, rows in found.items()}

    def take(self, intake: Intake, at: int) -> TakenCounts:
        """Take entries with their plans and move the offsets: all or nothing.

        An entry that is there with the same hash is left as it is, one with another hash is kept aside and told as REJECTED.
        Raises `PostingMoved` where an offset is not where its range starts.
        """
        with self._session.writing():
            for moved in intake.ranges:
                self._advance(moved)
            hashes = self.known(item.entry.hashed.entry.entry_id for item in intake.entries)
            fresh: list[TakenEntry] = []
            conflicts = 0
            for item in intake.entries:
                entry_id, content_hash = item.entry.hashed.entry.entry_id, item.entry.hashed.content_hash
                if entry_id not in hashes:
                    hashes[entry_id] = content_hash
                    fresh.append(item)
                elif hashes[entry_id] != content_hash:
                    conflicts += 1
                    self._keep_aside(item, at)
            summaries: dict[str, str] = {}
            digest = self._mapping_digest()
            self._session.change_many("insert_entry", [(*self._inserted(item, summaries, at), digest) for item in fresh])
            self._put([item.plan for item in fresh], at)
            self._outbox.raise_all(intake.discrepancies)
            self._outbox.tell((item.entry.hashed.entry.entry_id for item in fresh), at)
        return TakenCounts(taken=len(fresh), duplicates=len(intake.entries) - len(fresh) - conflicts, conflicts=conflicts)

    def use_mapping(self, digest: str) -> bool:
        """Entries are planned with this mapping from now on; where it is another one, what waits is to be planned again. Answers that."""
        if self._mapping_digest() == digest:
            return False
        with self._session.writing():
            self._session.change("set_mapping_digest", {"digest": digest})
            self._session.change("ask_waiting_again", {"about": None})
            self._session.change("ask_parked_again", {})
            self._session.change("ask_summaries_again", {})
        return True

    def entries_to_plan(self, after: EntryRow | None = None) -> tuple[EntryRow, ...]:
        """The next entries that are to be planned again, in the order of their orders: those of the page behind `after`."""
        place: dict[str, object] = {
            "order_key": "" if after is None else after.order_key,
            "entry_seq": 0 if after is None else after.entry_seq,
            "limit": PAGE_ENTRIES_MAX,
        }
        return tuple(map(entry_row, self._session.query("entries_to_plan", place)))

    def plan_again(self, plans: Sequence[tuple[EntryRow, Plan]], discrepancies: Sequence[RaisedDiscrepancy], at: int) -> None:
        """What the planner made of entries that were to be planned again."""
        with self._session.writing():
            summaries: dict[str, str] = {}
            digest = self._mapping_digest()
            for row, plan in plans:
                state, about, reason, summary = self._kept(plan, summaries)
                values: dict[str, object] = {"entry_id": row.entry_id, "state": state, "about": about, "reason": reason, "summary": summary}
                values["planned_with"] = digest
                if self._session.change("replan_entry", values) != 1:
                    raise PostingMoved(f"entry {row.entry_id} of {self._session.connection} does not wait any more: nothing was kept")
            self._put([plan for _, plan in plans], at)
            self._outbox.raise_all(discrepancies)
            self._outbox.tell((row.entry_id for row, _ in plans), at)

    def due_summaries(self, now: int, members_max: int) -> tuple[SummaryRow, ...]:
        """Summaries that are to be closed by now, have so many members, or are to be planned again, oldest first."""
        rows = self._session.query("due_summaries", {"now": now, "members_max": members_max, "limit": SUMMARIES_MAX})
        return tuple(SummaryRow(name=row[0], subject=row[1], generation=row[2], closes_at=row[3]) for row in rows)

    def summary_members(self, name: str, after: EntryRow | None = None) -> tuple[EntryRow, ...]:
        """The next entries of a summary, in the order of their ids: those of the page behind `after`."""
        place: dict[str, object] = {"summary": name, "after": "" if after is None else after.entry_id, "limit": PAGE_ENTRIES_MAX}
        return tuple(map(entry_row, self._session.query("summary_members", place)))

    def close_summary(self, name: str, plan: Planned, members: int, at: int) -> None:
        """Close a summary with the documents of its `members`, or give the new ones to one that is planned again.

        Raises `PostingMoved` where it has other members by now, or is closed and nobody has asked.
        """
        with self._session.writing():
            found = self._session.query("summary_size", {"summary": name})[0][0]
            if (
                found != members
                or self._session.change("close_summary", {"name": name, "closed_at": at, "planned_with": self._mapping_digest()}) != 1
            ):
                raise PostingMoved(
                    f"summary {name} of {self._session.connection} has {found} entries, planned were {members}: nothing was kept"
                )
            self._documents.put(plan.documents, at)
            if not plan.documents:
                self._session.change("empty_summary", {"summary": name, "reason": f"the summary {name} comes to 0"})
                self._tell_members(name, at)

    def waiting(self) -> tuple[tuple[str, int, int, str], ...]:
        """What no rule maps: (about, how many entries wait, since when the oldest, a message)."""
        return tuple((row[0], row[1], row[2], row[3]) for row in self._session.query("waiting_abouts"))

    def ask_again(self, about: str | None) -> int:
        """Entries that wait for this rule (None: for any) are to be planned again, and those behind them; answers how many."""
        with self._session.writing():
            return self._session.change("ask_waiting_again", {"about": about})

    def entries(self, entry_ids: Iterable[str]) -> tuple[EntryRow, ...]:
        """Entries by their ids."""
        return tuple(map(entry_row, self._session.ask("entries_by_id", entry_ids)))

    def counts(self) -> dict[EntryState, int]:
        """How many entries stand where."""
        return {EntryState(row[0]): row[1] for row in self._session.query("entry_counts")}

    def _mapping_digest(self) -> str | None:
        found: str | None = self._session.query("connection")[0][1]
        return found

    def _tell_members(self, name: str, at: int) -> None:
        page = self.summary_members(name)
        while page:
            self._outbox.tell((row.entry_id for row in page), at)
            page = self.summary_members(name, page[-1])

    def _inserted(self, item: TakenEntry, summaries: dict[str, str], at: int) -> Row:
        entry = item.entry.hashed.entry
        state, about, reason, summary = self._kept(item.plan, summaries)
        value = None if state in (EntryState.NOTHING, EntryState.REJECTED) else item.entry.value
        place = (item.entry.partition, item.entry.offset, entry.order_key, entry.entry_seq, item.entry.hashed.content_hash)
        return (entry.entry_id, *place, state, about, reason, summary, value, at)

    def _kept(self, plan: Plan, summaries: dict[str, str]) -> tuple[EntryState, str | None, str | None, str | None]:
        """State, about, reason and summary of a plan; `summaries`: names by subject that this transaction knows already."""
        match plan:
            case Planned():
                return EntryState.PLANNED, None, None, None
            case Waits():
                return EntryState.WAITING, plan.about, plan.reason, None
            case Summarized():
                if plan.subject not in summaries:
                    summaries[plan.subject] = self._open_summary(plan)
                return EntryState.SUMMARIZED, None, None, summaries[plan.subject]
            case Nothing():
                return EntryState.NOTHING, None, plan.reason, None
            case Impossible():
                return EntryState.REJECTED, None, plan.reason, None

    def _open_summary(self, plan: Summarized) -> str:
        found = self._session.query("newest_summary", {"subject": plan.subject})
        if found and found[0][2] is None:
            name: str = found[0][1]
            return name
        generation = found[0][0] + 1 if found else 1
        name = f"{plan.subject}/{generation}"
        values: dict[str, object] = {"subject": plan.subject, "generation": generation, "name": name, "closes_at": plan.closes_at}
        self._session.change("insert_summary", values)
        return name

    def _put(self, plans: Iterable[Plan], at: int) -> None:
        self._documents.put([document for plan in plans if isinstance(plan, Planned) for document in plan.documents], at)

    def _keep_aside(self, item: TakenEntry, at: int) -> None:
        entry = item.entry.hashed.entry
        place = (item.entry.partition, item.entry.offset)
        self._session.change_many("insert_conflict", [(*place, entry.entry_id, item.entry.hashed.content_hash, item.entry.value, at)])
        self._outbox.tell_conflict(item.entry.partition, entry.order_key, entry.entry_id, item.entry.offset, at)

    def _advance(self, moved: OffsetRange) -> None:
        values: dict[str, object] = {"partition": moved.partition, "start": moved.start, "next": moved.end}
        if self._session.change("advance_offset", values) != 1:
            raise PostingMoved(
                f"{self._session.database.place}: partition {moved.partition} of {self._session.connection} is not at offset {moved.start} "
                "any more: another process has written; nothing of this batch was kept"
            )

    def _require_same(self, stream: StreamIdentity, partitions: Sequence[int], present: Sequence[Row]) -> None:
        place, name = self._session.database.place, self._session.connection
        for number, cluster_id, topic_id, _ in present:
            if (cluster_id, topic_id) != (stream.cluster_id, stream.topic_id):
                raise ForeignPostings(
                    f"{place}: {name} was filled from topic id {topic_id} on cluster {cluster_id}, not from {stream.topic} of now "
                    f"(id {stream.topic_id} on cluster {stream.cluster_id}): the topic or the broker was replaced. Name the right broker"
                )
            if number not in partitions:
                raise ForeignPostings(
                    f"{place}: {name} was filled from partition {number} of {stream.topic}, which now has only {len(partitions)}; the "
                    "partition count of a topic generation is fixed"
                )
