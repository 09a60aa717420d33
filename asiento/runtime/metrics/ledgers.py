"""Metrics of what is booked: the embedded ledger, ledgers outside."""

from typing import Final

from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import Declarer, Exporter
from asiento.runtime.metrics.streams import AGE_BUCKETS

_LEDGER: Final = (Exporter.LEDGER,)
_CONNECTION: Final = (Exporter.CONNECTION,)
_BOTH: Final = (Exporter.LEDGER, Exporter.CONNECTION)


class LedgerMetrics:
    """Declared by `Metrics`."""

    def _declare_ledger(self, declare: Declarer) -> None:
        kind = {"ledger": labels.LEDGER_KIND}
        self.entries_booked = declare.counter(
            "asiento_entries_booked", "entries", "Entries offered to the ledger", _LEDGER, labels={**kind, "result": labels.BOOK_RESULT}
        )
        self.booked_age_seconds = declare.histogram(
            "asiento_booked_age_seconds",
            "seconds",
            "Age of an entry when it was booked, since its worker began to commit it; the time before is `asiento_entry_age_seconds`",
            _LEDGER,
            labels=kind,
            buckets=AGE_BUCKETS,
        )
        either = {"ledger": labels.LEDGER_OR_KIND}
        self.acks_published = declare.counter(
            "asiento_acks_published", "acks", "Acks stored on their topic", _BOTH, labels={**either, "status": labels.ACK_STATUS}
        )
        self.acks_failed = declare.counter("asiento_acks_failed", "attempts", "Attempts to publish acks that failed", _BOTH, labels=either)
        self.ledger_transactions = declare.counter(
            "asiento_ledger_transactions",
            "transactions",
            "Transactions of the embedded ledger",
            _LEDGER,
            labels={**kind, "result": labels.TRANSACTION_RESULT},
        )

    def _declare_postings(self, declare: Declarer) -> None:
        connection = {"connection": labels.CONNECTION}
        self.postings = declare.counter(
            "asiento_postings",
            "documents",
            "Documents that came to stand, or to wait",
            _CONNECTION,
            labels={**connection, "state": labels.POSTING_STATE, "reason": labels.PARK_REASON},
        )
        self.postings_standing = declare.gauge(
            "asiento_postings_standing",
            "documents",
            "Documents that do not stand in the ledger",
            _CONNECTION,
            labels={**connection, "state": labels.POSTING_STATE, "reason": labels.PARK_REASON},
        )
        self.posting_oldest_seconds = declare.gauge(
            "asiento_posting_oldest_seconds",
            "seconds",
            "Age of the oldest document that is still to be posted, 0 if none",
            _CONNECTION,
            labels=connection,
        )
        self.posting_duplicates_prevented = declare.counter(
            "asiento_posting_duplicates_prevented",
            "documents",
            "Documents that stood there already and were not booked twice",
            _CONNECTION,
            labels=connection,
        )
        self._declare_calls(declare)
        self.reconcile_findings = declare.gauge(
            "asiento_reconcile_findings",
            "differences",
            "Differences between a ledger and what was posted there, as it was read back last",
            _CONNECTION,
            labels={**connection, "difference": labels.DIFFERENCE},
        )
        self.reconcile_last_run = declare.gauge(
            "asiento_reconcile_last_run_timestamp_seconds",
            "seconds since 1970 (UTC)",
            "When a ledger was read back last",
            _CONNECTION,
            labels=connection,
        )

    def _declare_calls(self, declare: Declarer) -> None:
        connection = {"connection": labels.CONNECTION}
        self.posting_calls = declare.counter(
            "asiento_posting_calls",
            "calls",
            "Calls to ledgers outside",
            _CONNECTION,
            labels={**connection, "call": labels.CALL, "result": labels.CALL_RESULT},
        )
        self.posting_quota_remaining = declare.gauge(
            "asiento_posting_quota_remaining",
            "calls",
            "Calls that the vendor's quota leaves until the UTC day ends",
            _CONNECTION,
            labels=connection,
        )
        self.posting_breaker_open = declare.gauge(
            "asiento_posting_breaker_open",
            "0 or 1",
            "1 while no call goes out, as the last ones all failed",
            _CONNECTION,
            labels=connection,
        )
        self.posting_paused = declare.gauge(
            "asiento_posting_paused", "0 or 1", "1 while the connection pauses", _CONNECTION, labels={**connection, "reason": labels.PAUSE}
        )
