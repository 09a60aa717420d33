"""What becomes of entries at a connection: planned, waiting, or in a summary. Pure: entries and stored documents in, plans out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from asiento.accounting.decision import Discrepancy
from asiento.accounting.journal import JournalEntry
from schemas.entries import HashedEntry
from sinks.external.capabilities import Capabilities
from sinks.external.connections import Connection, Mode, Posting
from sinks.external.documents import LedgerDocument
from sinks.external.targets import Mapping as AccountMapping
from sinks.external.targets import Unmapped
from sinks.ledger import StreamEntry
from sinks.planner.legs import legs_of
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from sinks.planner.settling import settle_order
from sinks.planner.summary import summary_of
from sinks.posting.discrepancies import ledger_discrepancy
from sinks.posting.rows import Nothing, Plan, Planned, RaisedDiscrepancy, Summarized, TakenEntry, Waits

NO_FORM: Final = "no form at this ledger"
"""What an entry waits for that no rule of a mapping heals by itself: a person, or another mode."""
SUMMARY_QUIET_MINUTES: Final = 30
"""A summary stays open for at least so long after its first entry, however old its day: a backlog becomes few of them."""
BEHIND: Final = "an earlier entry of the order waits"


class Documents(Protocol):
    """Stored documents of orders, by order key."""

    def __call__(self, order_keys: Collection[str]) -> Mapping[str, Sequence[LedgerDocument]]:
        """All documents of these orders at this connection."""
        ...


@dataclass(slots=True)
class Planner:
    """Plans entries of one connection. `account_mapping` is the mapping of now."""

    connection: Connection
    capabilities: Capabilities
    account_mapping: AccountMapping

    def concerns(self, entry: HashedEntry) -> bool:
        """Whether the connection takes entries of this legal entity and currency."""
        return self.connection.takes(entry.entry.legal_entity, entry.entry.currency)

    def plan(self, entries: Sequence[StreamEntry], waiting: Collection[str], stored: Documents, now: int) -> "PlannedBatch":
        """Plans of entries in the order in which they stand on the stream, each order's by its own sequence.

        waiting: orders of which an earlier entry waits; now: UTC microseconds. Entries that are stored already must not be among them.
        """
        batch = PlannedBatch(waiting=set(waiting))
        if self.connection.posting is Posting.SUMMARY:
            for entry in entries:
                batch.put(entry, self._summarized(entry.hashed, now), self._raised(entry))
            return batch
        pictures = {
            order: OrderPicture.of(documents)
            for order, documents in stored(sorted({entry.hashed.entry.order_key for entry in entries})).items()
        }
        for entry in entries:
            self._plan_one(entry, pictures, batch)
        if self.connection.mode is Mode.DOCUMENTS:
            self._settle(pictures, batch)
        return batch

    def _plan_one(self, entry: StreamEntry, pictures: dict[str, OrderPicture], batch: "PlannedBatch") -> None:
        order = entry.hashed.entry.order_key
        in_order = self.connection.mode is Mode.DOCUMENTS
        if in_order and order in batch.waiting:
            batch.put(entry, Waits(about=None, reason=BEHIND), None)
            return
        try:
            planned = plan_entry(
                entry.hashed, pictures.get(order, OrderPicture()), self.account_mapping, self.capabilities, self.connection
            )
        except (Unmapped, CannotTell) as problem:
            batch.waiting.add(order)
            batch.put(entry, _waits(problem), self._raised(entry))
            return
        pictures[order] = planned.order
        batch.put(entry, Planned(documents=planned.documents), None)

    def _settle(self, pictures: Mapping[str, OrderPicture], batch: "PlannedBatch") -> None:
        """Credit notes against invoices that are open still, with the last entry of each order that was planned here.

        Not of orders that wait: what waits may pay the credit note out.
        """
        last = {taken.entry.hashed.entry.order_key: place for place, taken in enumerate(batch.taken) if isinstance(taken.plan, Planned)}
        for order, place in last.items():
            if order in batch.waiting:
                continue
            settled = settle_order(pictures[order], self.capabilities, self.connection).documents
            taken = batch.taken[place]
            if settled and isinstance(taken.plan, Planned):
                batch.taken[place] = replace(taken, plan=Planned(documents=(*taken.plan.documents, *settled)))

    def _summarized(self, entry: HashedEntry, now: int) -> Plan:
        """A member of a summary, once every posting of it has an account, and a customer where the ledger wants one."""
        told = entry.entry
        try:
            legs_of(told, self.account_mapping, names_customer=self.capabilities.journal_contact)
        except Unmapped as problem:
            return _waits(problem)
        return Summarized(subject=summary_of(told).text, closes_at=closing_time(told.posting_date, self.connection, now))

    def _raised(self, entry: StreamEntry) -> RaisedDiscrepancy:
        return RaisedDiscrepancy(partition=entry.partition, value=unmapped(entry.hashed.entry, self.connection.name, about=""))


@dataclass(slots=True)
class PlannedBatch:
    """Plans in the order of their entries; `waiting` grows by the orders that wait since."""

    waiting: set[str]
    taken: list[TakenEntry] = field(default_factory=list)
    raised: list[RaisedDiscrepancy] = field(default_factory=list)

    def repeat(self, entries: Sequence[StreamEntry]) -> None:
        """Entries that are there already: nothing is planned, their hashes are compared."""
        self.taken += [TakenEntry(entry=entry, plan=Nothing(reason="it is there already")) for entry in entries]

    def put(self, entry: StreamEntry, plan: Plan, raised: RaisedDiscrepancy | None) -> None:
        """One more; `raised` is what is raised where it waits for something of its own."""
        self.taken.append(TakenEntry(entry=entry, plan=plan))
        if raised is not None and isinstance(plan, Waits) and plan.about is not None:
            parameters = tuple(sorted({**dict(raised.value.parameters), "about": plan.about}.items()))
            self.raised.append(replace(raised, value=replace(raised.value, parameters=parameters)))


def unmapped(entry: JournalEntry, connection: str, *, about: str) -> Discrepancy:
    """D23 of an entry; raised when the fact of the entry happened, so that it is the same whenever it is raised."""
    return ledger_discrepancy(
        "D23",
        f"{entry.entry_id}|{connection}",
        connection=connection,
        order_key=entry.order_key,
        currency=entry.currency,
        raised_at=entry.occurred_at,
        event_id=entry.event_id,
        entry_id=entry.entry_id,
        about=about,
    )


def closing_time(posting_date: str, connection: Connection, now: int) -> int:
    """When a summary of a day is closed whose first entry comes now, UTC microseconds.

    So many hours after the end of the day (UTC) as the connection says, and not before a while after now.
    """
    end = datetime.combine(date.fromisoformat(posting_date) + timedelta(days=1), datetime.min.time(), UTC)
    due = end + timedelta(hours=connection.summary_closes_after_hours)
    microseconds = (due - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return max(microseconds, now + SUMMARY_QUIET_MINUTES * 60_000_000)


def _waits(problem: Unmapped | CannotTell) -> Waits:
    return Waits(about=problem.about if isinstance(problem, Unmapped) else NO_FORM, reason=str(problem))
