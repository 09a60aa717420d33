"""What a connector would send for entries, without sending: planned as the sink plans them, one call after the other."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from asiento.accounting.journal import JournalEntry
from schemas.entries import HashedEntry
from sinks.external.connections import Connection, Mode, Posting
from sinks.external.documents import LedgerDocument
from sinks.external.port import Connector, Request
from sinks.external.targets import Mapping, Unmapped
from sinks.planner.legs import legs_of
from sinks.planner.picture import OrderPicture
from sinks.planner.plan import plan_entry
from sinks.planner.refusal import CannotTell
from sinks.planner.settling import settle_order
from sinks.planner.summary import SUMMARY_ENTRIES_MAX, SummaryName, close_summary, summary_of


@dataclass(slots=True)
class LeftOut:
    """Entries that were not rendered for one reason; the first of them."""

    entry_id: str
    reason: str
    entries: int = 0


@dataclass(slots=True)
class Rendering:
    """Renders the entries of a journal in its order for one connection.

    base_url: what stands before the path of every call. left_out: what is missing -> the entries that wait for it.
    elsewhere: entries of legal entities or currencies that the connection does not take.
    """

    connection: Connection
    mapping: Mapping
    connector: Connector
    base_url: str
    left_out: dict[str, LeftOut] = field(default_factory=dict)
    elsewhere: int = 0
    _orders: dict[str, OrderPicture] = field(default_factory=dict)
    _behind: set[str] = field(default_factory=set)

    def calls(self, entries: Iterable[HashedEntry]) -> Iterator[dict[str, Any]]:
        """`{"entry_ids", "method", "url", "headers", "body"}` of each call that would go out, in the order in which they are posted."""
        ours = (entry for entry in entries if self._concerns(entry.entry))
        documents = self._summaries(ours) if self.connection.posting is Posting.SUMMARY else self._documents(ours)
        for document in documents:
            try:
                requests = self.connector.render([document], {})
            except ValueError as problem:
                self._leave_out(document.entry_ids, str(problem), str(problem))
                continue
            for request in requests:
                yield self._shown(document, request)

    def _concerns(self, entry: JournalEntry) -> bool:
        concerns = self.connection.takes(entry.legal_entity, entry.currency)
        self.elsewhere += not concerns
        return concerns

    def _documents(self, entries: Iterable[HashedEntry]) -> Iterator[LedgerDocument]:
        """Of each entry, and of each event's end."""
        before: JournalEntry | None = None
        for hashed in entries:
            entry = hashed.entry
            if before is not None and (before.order_key, before.event_id) != (entry.order_key, entry.event_id):
                yield from self._settled(before.order_key)
            before = entry
            if entry.order_key in self._behind:
                self._leave_out((entry.entry_id,), "behind", "an earlier entry of the order is left out")
                continue
            yield from self._planned(hashed)
        if before is not None:
            yield from self._settled(before.order_key)

    def _planned(self, hashed: HashedEntry) -> tuple[LedgerDocument, ...]:
        entry, in_order = hashed.entry, self.connection.mode is Mode.DOCUMENTS
        order = self._orders.get(entry.order_key, OrderPicture())
        try:
            planned = plan_entry(hashed, order, self.mapping, self.connector.capabilities, self.connection)
        except (Unmapped, CannotTell) as problem:
            self._leave_out((entry.entry_id,), _about(problem), str(problem))
            if in_order:
                self._behind.add(entry.order_key)
            return ()
        if in_order:
            self._orders[entry.order_key] = planned.order
        return planned.documents

    def _settled(self, order_key: str) -> tuple[LedgerDocument, ...]:
        if order_key not in self._orders or order_key in self._behind:
            return ()
        settled = settle_order(self._orders[order_key], self.connector.capabilities, self.connection)
        self._orders[order_key] = settled.order
        return settled.documents

    def _summaries(self, entries: Iterable[HashedEntry]) -> Iterator[LedgerDocument]:
        """Each as soon as it is full, the others at the end in the order in which they began."""
        opened: dict[SummaryName, list[JournalEntry]] = {}
        numbers: dict[SummaryName, int] = {}
        for hashed in entries:
            entry = hashed.entry
            try:
                legs_of(entry, self.mapping, names_customer=self.connector.capabilities.journal_contact)
            except Unmapped as problem:
                self._leave_out((entry.entry_id,), problem.about, str(problem))
                continue
            name = summary_of(entry)
            members = opened.setdefault(name, [])
            members.append(entry)
            if len(members) == SUMMARY_ENTRIES_MAX:
                numbers[name] = numbers.get(name, 0) + 1
                yield from self._closed(name, numbers[name], opened.pop(name))
        for name, members in opened.items():
            yield from self._closed(name, numbers.get(name, 0) + 1, members)

    def _closed(self, name: SummaryName, number: int, members: list[JournalEntry]) -> Iterator[LedgerDocument]:
        try:
            summary = close_summary(name, number, members, self.mapping, self.connector.capabilities, connection=self.connection)
        except CannotTell as problem:
            self._leave_out(tuple(entry.entry_id for entry in members), str(problem), str(problem))
            return
        if summary is not None:
            yield summary

    def _leave_out(self, entry_ids: tuple[str, ...], about: str, reason: str) -> None:
        self.left_out.setdefault(about, LeftOut(entry_ids[0], reason)).entries += len(entry_ids)

    def _shown(self, document: LedgerDocument, request: Request) -> dict[str, Any]:
        body = request.body
        return {
            "entry_ids": list(document.entry_ids),
            "method": request.method,
            "url": self.base_url + request.path,
            "headers": dict(request.headers),
            "body": b64encode(body).decode() if isinstance(body, bytes) else body,
        }


def _about(problem: Unmapped | CannotTell) -> str:
    return problem.about if isinstance(problem, Unmapped) else str(problem)
