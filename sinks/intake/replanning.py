"""What waits is planned again when the mapping has changed, or when a person has said so."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from schemas.entries import decode_entry
from sinks.external.documents import LedgerDocument
from sinks.external.targets import Unmapped
from sinks.intake.intake import stored_documents
from sinks.intake.planning import Planner, unmapped
from sinks.ledger import StreamEntry
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from sinks.posting.rows import EntryRow, EntryState, Plan, Planned, RaisedDiscrepancy, Waits
from sinks.posting.store import PostingStore


class Replanning:
    """One pass over what is to be planned again, page by page, in the store's thread."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._waiting: set[str] = set()
        self._last: EntryRow | None = None

    def page(self, store: PostingStore, now: int) -> int:
        """Plan the next page again; answers how many entries it had, 0 at the end of the pass."""
        rows = store.intake.entries_to_plan(self._last)
        if not rows:
            return 0
        self._last = rows[-1]
        plans: list[tuple[EntryRow, Plan]] = []
        raised: list[RaisedDiscrepancy] = []
        for _, of_order in groupby(rows, key=lambda row: row.order_key):
            for row, plan in self._order(store, list(of_order), now):
                plans.append((row, plan))
                raised += self._told(row, plan)
        store.intake.plan_again(plans, raised, now)
        return len(rows)

    def _order(self, store: PostingStore, rows: Sequence[EntryRow], now: int) -> list[tuple[EntryRow, Plan]]:
        order = rows[0].order_key
        refused = [row for row in rows if row.state is EntryState.PLANNED]
        waiting = [row for row in rows if row.state is EntryState.WAITING]
        plans: list[tuple[EntryRow, Plan]] = [(row, self._new_accounts(store, row)) for row in refused]
        if waiting:
            batch = self._planner.plan([_entry(row) for row in waiting], {order} & self._waiting, stored_documents(store), now)
            self._waiting |= batch.waiting
            plans += [(row, taken.plan) for row, taken in zip(waiting, batch.taken, strict=True)]
        return plans

    def _new_accounts(self, store: PostingStore, row: EntryRow) -> Plan:
        """A planned entry whose document the ledger could not map: the same documents with the accounts of now, as long as none stands."""
        stored = list(stored_documents(store)([row.order_key]).get(row.order_key, ()))
        own = [document for document in stored if row.entry_id in document.entry_ids]
        before = [document for document in stored if own and document.sequence < min(one.sequence for one in own)]
        try:
            planned = plan_entry(
                _entry(row).hashed,
                OrderPicture.of(before),
                self._planner.account_mapping,
                self._planner.capabilities,
                self._planner.connection,
            )
        except (Unmapped, CannotTell):
            return Planned(documents=tuple(own))
        keys = {document.key: document for document in own}
        return Planned(documents=tuple(_in_place(document, keys[document.key]) for document in planned.documents if document.key in keys))

    def _told(self, row: EntryRow, plan: Plan) -> list[RaisedDiscrepancy]:
        """What an entry waited for is there: its discrepancy is over. What waits for something else says so."""
        if row.about is None and not (isinstance(plan, Waits) and plan.about is not None):
            return []
        told = _entry(row).hashed.entry
        about = plan.about if isinstance(plan, Waits) else row.about
        value = unmapped(told, self._planner.connection.name, about=about or "")
        if not isinstance(plan, Waits):
            value = replace(value, state="RESOLVED")
        elif plan.about == row.about:
            return []
        return [RaisedDiscrepancy(partition=row.partition, value=value)]


def _in_place(document: LedgerDocument, stored: LedgerDocument) -> LedgerDocument:
    return replace(document, sequence=stored.sequence)


def _entry(row: EntryRow) -> StreamEntry:
    if row.value is None:
        raise ValueError(f"entry {row.entry_id} is kept without its record")
    return StreamEntry(partition=row.partition, offset=row.offset, hashed=decode_entry(row.value), value=row.value)
