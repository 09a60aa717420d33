"""Captured topics with a real ledger that has booked from them, and a tie-out of both."""

from schemas.topics import ACCOUNTING_ENTRIES
from sinks.tie_out.ledger_side import LedgerThread
from sinks.tie_out.run import Comparison, TieOut
from sinks.tie_out.stream_side import StreamSide
from tests.unit.sinks_verify.capture import CapturedLog, Installation


class CommittedLog:
    """A captured log of which everything is committed. Satisfies `sinks.tie_out.stream_side.EntryLog`."""

    def __init__(self, log: CapturedLog) -> None:
        self.identity, self.starts, self.stable_ends, self.read = log.identity, log.starts, log.ends, log.read


class Comparer:
    """A tie-out of one installation, which goes on where it stood."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self.tie_out = TieOut(LedgerThread(installation.url), StreamSide(ACCOUNTING_ENTRIES))

    async def compare(self) -> Comparison:
        """Compare now."""
        return await self.tie_out.compare(CommittedLog(self._installation.log))

    def close(self) -> None:
        """Leave the ledger."""
        self.tie_out.ledger.close()
