"""Metrics of the continuous tie-out: all figures are read from the ledger and the stream, none is counted in the process."""

from typing import Final

from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import Declarer, Exporter

_TIE_OUT: Final = (Exporter.TIE_OUT,)
_LEDGER: Final = {"ledger": labels.LEDGER}


class TieOutMetrics:
    """Declared by `Metrics`."""

    def _declare_tie_out(self, declare: Declarer) -> None:
        self.tie_out_differences = declare.gauge(
            "asiento_tie_out_differences",
            "entries",
            "Entries in which the ledger differs from the stream, as of the last comparison; must be 0",
            _TIE_OUT,
            labels={**_LEDGER, "difference": labels.TIE_OUT_DIFFERENCE},
        )
        self.tie_out_entries = declare.gauge(
            "asiento_tie_out_entries", "entries", "Entries of the ledger that the last comparison covered", _TIE_OUT, labels=_LEDGER
        )
        self.tie_out_behind_seconds = declare.gauge(
            "asiento_tie_out_behind_seconds",
            "seconds",
            "Age of the oldest committed entry that was not compared yet, 0 if none",
            _TIE_OUT,
            labels=_LEDGER,
        )
        self.tie_out_last_run = declare.gauge(
            "asiento_tie_out_last_run_timestamp_seconds",
            "seconds since 1970 (UTC)",
            "When ledger and stream were compared last",
            _TIE_OUT,
            labels=_LEDGER,
        )
        self.tie_out_seconds = declare.gauge(
            "asiento_tie_out_duration_seconds", "seconds", "How long the last comparison took", _TIE_OUT, labels=_LEDGER
        )
        self._declare_backlog_and_balances(declare)

    def _declare_backlog_and_balances(self, declare: Declarer) -> None:
        account = {**_LEDGER, "account": labels.RESTING_ACCOUNT, "currency": labels.CURRENCY}
        currency = {"currency": labels.CURRENCY}
        self.unbooked_entries = declare.gauge(
            "asiento_unbooked_entries", "entries", "Committed entries that the ledger has not booked yet", _TIE_OUT, labels=_LEDGER
        )
        self.unbooked_oldest_seconds = declare.gauge(
            "asiento_unbooked_oldest_seconds", "seconds", "Age of the oldest of them, 0 if none", _TIE_OUT, labels=_LEDGER
        )
        self.trial_balance_difference = declare.gauge(
            "asiento_trial_balance_difference",
            "minor units",
            "Debits less credits of all accounts of the ledger; must be 0",
            _TIE_OUT,
            labels={**_LEDGER, "currency": labels.CURRENCY},
        )
        self.account_balance = declare.gauge(
            "asiento_account_balance",
            "minor units",
            "Balance in the ledger of an account that must come to rest, debit positive",
            _TIE_OUT,
            labels=account,
        )
        self.account_oldest_seconds = declare.gauge(
            "asiento_account_oldest_seconds",
            "seconds",
            "Time since the end of the oldest day whose part of that balance is not used up, first in first out; 0 if none",
            _TIE_OUT,
            labels=account,
        )
        self.money_in = declare.gauge(
            "asiento_money_in", "minor units", "Money that came in by all captures on the entries topic", _TIE_OUT, labels=currency
        )
        self.money_booked = declare.gauge(
            "asiento_money_booked", "minor units", "Money that came in by all captures in the ledger", _TIE_OUT, labels=currency
        )
        self.chain_length = declare.gauge(
            "asiento_chain_length",
            "entries",
            "Entries in the ledger's hash chain; it never gets less",
            _TIE_OUT,
            labels={**_LEDGER, "partition": labels.PARTITION},
        )
