"""The side of the store that remembers what was raised of documents and accounts: once, and resolved when it is gone."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from schemas.discrepancies import decode_discrepancy, encode_discrepancy
from sinks.posting.database import PostingSession
from sinks.posting.rows import RaisedDiscrepancy
from sinks.posting.told import Outbox


class FindingsStore:
    """See the module; the method that writes is one transaction."""

    def __init__(self, session: PostingSession, outbox: Outbox) -> None:
        self._session = session
        self._outbox = outbox

    def standing(self) -> tuple[str, ...]:
        """The subjects of all findings that were raised and stand."""
        return tuple(row[0] for row in self._session.query("findings"))

    def found(self, findings: Sequence[tuple[str, RaisedDiscrepancy]], looked_at: Collection[str], at: int) -> tuple[int, int]:
        """Raise findings (subject, discrepancy) that are new, resolve those of `looked_at` that are gone; answers both numbers."""
        with self._session.writing():
            return self.note(findings, looked_at, at)

    def note(self, findings: Sequence[tuple[str, RaisedDiscrepancy]], looked_at: Collection[str], at: int) -> tuple[int, int]:
        """`found`, inside a transaction."""
        wanted = dict(findings)
        standing = {row[0]: row for row in self._session.query("findings")}
        new = [(subject, raised) for subject, raised in wanted.items() if subject not in standing]
        gone = [row for subject, row in standing.items() if subject not in wanted and subject in looked_at]
        self._session.change_many(
            "insert_finding",
            [(subject, one.partition, one.value.order_key, encode_discrepancy(one.value), at) for subject, one in new],
        )
        self._session.change_many("delete_finding", [(row[0],) for row in gone])
        resolved = [RaisedDiscrepancy(partition=row[1], value=replace(decode_discrepancy(bytes(row[3])), state="RESOLVED")) for row in gone]
        self._outbox.raise_all([*(one for _, one in new), *resolved])
        return len(new), len(gone)
