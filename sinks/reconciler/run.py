"""Reads a ledger back and compares: documents by key, accounts by what they moved, the embedded ledger by its entries.

Nothing is changed in the ledger. What differs is told, with what would correct it; discrepancies D33 and D18 are raised when it is
found first and resolved when it is gone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from schemas.partitioning import partition_for
from sinks.external.connections import Connection
from sinks.external.effects import effects
from sinks.external.port import Connector
from sinks.external.results import Posted
from sinks.ledger import LedgerMissing
from sinks.posting.discrepancies import ledger_discrepancy
from sinks.posting.rows import RaisedDiscrepancy
from sinks.posting.store import PostingStore, StoreCalls
from sinks.reconciler.comparison import compare, unexplained
from sinks.reconciler.findings import NOT_OUR_FAULT, Difference, Finding
from sinks.reconciler.our_side import Coverage, OurDocuments, coverage, our_documents

LOOK_UPS_MAX: Final = 500
"""Most documents that are looked up one by one: where a ledger lists none, or where one is not among those listed."""
TRIES: Final = 3
"""So often balances are read again where something was posted meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a comparison found. `compared`: documents that were read back; `not_looked_at`: those beyond what may be looked up.

    embedded_compared: whether the embedded ledger was there to be compared.
    """

    connection: str
    first: str
    last: str
    posted: int
    compared: int
    not_looked_at: int
    balances_compared: bool
    embedded_compared: bool
    entries: int
    on_the_way: int
    findings: tuple[Finding, ...]
    raised: int = 0
    resolved: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing of ours differs."""
        return all(finding.difference in NOT_OUR_FAULT for finding in self.findings)


@dataclass(slots=True)
class Reconciliation:
    """One comparison of a connection over days, both included. ledger_url None: without the embedded ledger. clock: UTC microseconds."""

    connection: Connection
    connector: Connector
    store: StoreCalls
    ledger_url: str | None
    clock: Callable[[], int]

    async def run(self, first: str, last: str, *, raising: bool = True) -> Report:
        """Compare. Raises `CallFailed` where the ledger cannot be read, `LedgerError`, `PostingError`."""
        ours = await self._ours(first, last)
        if self.connector.capabilities.reads_documents:
            ours, findings, balances_compared = await self._listed(ours, first, last)
            not_looked_at = 0
        else:
            findings, not_looked_at = await self._one_by_one(ours)
            balances_compared = False
        covered = await self._covered(first, last)
        report = Report(
            connection=self.connection.name,
            first=first,
            last=last,
            posted=len(ours.posted),
            compared=len(ours.posted) - not_looked_at,
            not_looked_at=not_looked_at,
            balances_compared=balances_compared,
            embedded_compared=covered is not None,
            entries=0 if covered is None else covered.entries,
            on_the_way=0 if covered is None else covered.on_the_way,
            findings=(*findings, *(() if covered is None else covered.findings)),
        )
        if not raising:
            return report
        looked_at = [_subject(one.document.key) for one in ours.posted]
        raised, resolved = await self.store(lambda store: self._raise(store, report, looked_at))
        return replace(report, raised=raised, resolved=resolved)

    async def _ours(self, first: str, last: str) -> OurDocuments:
        return await self.store(lambda store: our_documents(store, first, last))

    async def _listed(self, ours: OurDocuments, first: str, last: str) -> tuple[OurDocuments, list[Finding], bool]:
        """All documents of the days, and their accounts where nothing was posted while both were read."""
        findings: list[Finding] = []
        for _ in range(TRIES):
            remote = [document async for document in self.connector.documents(first, last)]
            findings = await self._elsewhere(ours, compare(ours.posted, remote, ours.under_way))
            if not self.connector.capabilities.reads_balances or not ours.posted:
                return ours, findings, False
            moved = await self._moved(first, last)
            now = await self._ours(first, last)
            if now.as_settled_as(ours):
                unsettled = [one for one in remote if one.key in ours.under_way and not one.voided]
                accounts = {account for one in ours.posted for account in effects(one.document)}
                return ours, [*findings, *unexplained(moved, ours.posted, unsettled, findings, accounts)], True
            ours = now
        return ours, findings, False

    async def _moved(self, first: str, last: str) -> dict[tuple[str, str], int]:
        """(account, currency) -> what it moved by over the days."""
        before = (date.fromisoformat(first) - timedelta(days=1)).isoformat()
        opening, closing = await self.connector.balances(before), await self.connector.balances(last)
        return {place: closing.get(place, 0) - opening.get(place, 0) for place in {*opening, *closing}}

    async def _one_by_one(self, ours: OurDocuments) -> tuple[list[Finding], int]:
        """The newest documents, each looked up by its key; and how many were not."""
        able = self.connector.capabilities.findable
        looked_at = [one for one in ours.posted if one.document.kind in able][-LOOK_UPS_MAX:]
        findings: list[Finding] = []
        for one in looked_at:
            found = await self.connector.find(one.document)
            if not isinstance(found, Posted):
                (finding,) = compare([one], [])
                words = finding.words if found is None else found.message
                difference = Difference.MISSING if found is None else Difference.AMOUNT
                findings.append(replace(finding, difference=difference, words=words))
        return findings, len(ours.posted) - len(looked_at)

    async def _elsewhere(self, ours: OurDocuments, findings: list[Finding]) -> list[Finding]:
        """What is missing among the days may stand on another: looked up, as far as the ledger can."""
        by_key = {one.document.key: one.document for one in ours.posted}
        looked_up = 0
        told: list[Finding] = []
        for finding in findings:
            document = by_key.get(finding.key or "")
            missing = finding.difference is Difference.MISSING and document is not None
            if missing and document is not None and looked_up < LOOK_UPS_MAX and document.kind in self.connector.capabilities.findable:
                looked_up += 1
                found = await self.connector.find(document)
                if found is not None:
                    where = f"it has the id {found.remote_id}" if isinstance(found, Posted) else found.message
                    words = f"{document.reference} stands there on another day or in another form: {where}"
                    told.append(replace(finding, difference=Difference.DATE, words=words))
                    continue
            told.append(finding)
        return told

    async def _covered(self, first: str, last: str) -> Coverage | None:
        """The embedded ledger's side; None where there is none at this place."""
        url = self.ledger_url
        if url is None:
            return None
        try:
            return await self.store(lambda store: coverage(store, url, self.connection, first, last))
        except LedgerMissing:
            return None

    def _raise(self, store: PostingStore, report: Report, looked_at: list[str]) -> tuple[int, int]:
        partitions = len(store.session.query("offsets"))
        found: list[tuple[str, RaisedDiscrepancy]] = []
        for finding in report.findings:
            if finding.difference is Difference.BALANCE:
                found.append(self._of_balance(finding, partitions))
            elif finding.difference not in NOT_OUR_FAULT and finding.key is not None:
                found.append(self._of_document(store, finding))
        balances = [subject for subject in store.findings.standing() if subject.startswith(_BALANCE)] if report.balances_compared else []
        return store.findings.found(found, {*looked_at, *balances}, self.clock())

    def _of_balance(self, finding: Finding, partitions: int) -> tuple[str, RaisedDiscrepancy]:
        subject = f"{_BALANCE}{finding.account}|{finding.currency}"
        key = f"ledger:{self.connection.name}"
        value = ledger_discrepancy(
            "D18",
            f"{self.connection.name}|{subject}",
            connection=self.connection.name,
            order_key=key,
            currency=finding.currency,
            raised_at=self.clock(),
            account=finding.account,
            expected=finding.expected,
            actual=finding.actual,
        )
        return subject, RaisedDiscrepancy(partition=partition_for(key.encode(), partitions or 1), value=value)

    def _of_document(self, store: PostingStore, finding: Finding) -> tuple[str, RaisedDiscrepancy]:
        (entry, *_) = store.intake.entries(finding.entry_ids[:1])
        subject = _subject(finding.key or "")
        value = ledger_discrepancy(
            "D33",
            f"{self.connection.name}|{subject}",
            connection=self.connection.name,
            order_key=entry.order_key,
            currency=finding.currency,
            raised_at=self.clock(),
            entry_id=entry.entry_id,
            account=finding.account,
            expected=finding.expected,
            actual=finding.actual,
            reference=finding.reference or "",
            about=finding.words,
        )
        return subject, RaisedDiscrepancy(partition=entry.partition, value=value)


_BALANCE: Final = "balance|"


def _subject(key: str) -> str:
    return f"document|{key}"
