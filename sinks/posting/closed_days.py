"""D34: a document whose day lies in a closed period of its ledger. Raised when it is parked for that, over when it goes on."""

from collections.abc import Sequence

from sinks.external.documents import LedgerDocument
from sinks.posting.database import PostingSession
from sinks.posting.discrepancies import ledger_discrepancy
from sinks.posting.findings_store import FindingsStore
from sinks.posting.rows import Move, ParkReason, PostingState, RaisedDiscrepancy, entry_row, posting_row


class ClosedDays:
    """Inside the transactions of steps: what is raised and resolved by them."""

    def __init__(self, session: PostingSession, findings: FindingsStore) -> None:
        self._session = session
        self._findings = findings

    def moved(self, moves: Sequence[Move], at: int) -> None:
        """Raise what these steps park for their day; what they take further is over."""
        parked = [step.key for step in moves if step.state is PostingState.PARKED and step.reason == ParkReason.PERIOD_CLOSED]
        ended = [step.key for step in moves if step.state is not PostingState.PARKED]
        if not parked and not (ended and self._findings.standing()):
            return
        documents = [posting_row(row).document for row in self._session.ask("postings_by_key", parked)]
        self._findings.note([self._raised(document, at) for document in documents], {_subject(key) for key in ended}, at)

    def _raised(self, document: LedgerDocument, at: int) -> tuple[str, RaisedDiscrepancy]:
        (row,) = self._session.ask("entries_by_id", document.entry_ids[:1])
        entry, name = entry_row(row), self._session.connection
        value = ledger_discrepancy(
            "D34",
            f"{name}|{document.key}",
            connection=name,
            order_key=entry.order_key,
            currency=document.currency,
            raised_at=at,
            entry_id=entry.entry_id,
            about=document.date,
            reference=document.reference,
        )
        return _subject(document.key), RaisedDiscrepancy(partition=entry.partition, value=value)


def _subject(key: str) -> str:
    return f"period|{key}"
