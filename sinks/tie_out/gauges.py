"""What a round found, as gauges."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from asiento.runtime.metrics import Metrics
from sinks.tie_out.ageing import StandingBalance
from sinks.tie_out.comparison import DifferenceKind
from sinks.tie_out.raising import LEDGER
from sinks.tie_out.round import MICROSECONDS, Round
from sinks.tie_out.stream_side import Backlog

ACCOUNTS_SHOWN_MAX: Final = 200
"""Accounts with a series of their own: qualifiers are gateways and channels, of which nobody has so many."""
CURRENCIES_SHOWN_MAX: Final = 30
_MILLISECONDS: Final = 1_000


class TieOutGauges:
    """Shows rounds on the metrics of one process. Times are UTC microseconds."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._accounts: set[tuple[str, str]] = set()
        self._currencies: set[str] = set()

    def show(self, done: Round) -> None:
        """The figures of a round that came to its end."""
        metrics, found = self._metrics, done.comparison
        for kind in DifferenceKind:
            unexplained = len(found.unexplained) if kind is DifferenceKind.ALTERED else 0
            metrics.tie_out_differences.labels(LEDGER, kind.value).set(found.found.counts[kind] + unexplained)
        metrics.tie_out_entries.labels(LEDGER).set(found.entries)
        metrics.tie_out_last_run.labels(LEDGER).set(done.at / MICROSECONDS)
        metrics.tie_out_seconds.labels(LEDGER).set(done.seconds)
        metrics.unbooked_entries.labels(LEDGER).set(found.unbooked.entries)
        metrics.unbooked_oldest_seconds.labels(LEDGER).set(_age(found.unbooked, done.at))
        self.show_behind(found.behind, done.at)
        for partition, length in found.chain_lengths.items():
            metrics.chain_length.labels(LEDGER, str(partition)).set(length)
        for gauge, figures in ((metrics.money_in, found.captured), (metrics.money_booked, found.booked)):
            for currency in self._shown(figures):
                gauge.labels(currency).set(figures[currency])
        for currency in self._shown(found.trial_balance):
            metrics.trial_balance_difference.labels(LEDGER, currency).set(found.trial_balance[currency])
        self._show_accounts(found.standing, done.at)

    def show_behind(self, behind: Backlog, now: int) -> None:
        """How old what is not compared yet is, also where nothing can be compared."""
        self._metrics.tie_out_behind_seconds.labels(LEDGER).set(_age(behind, now))

    def _show_accounts(self, standing: Iterable[StandingBalance], now: int) -> None:
        """Entities together: their balances are added up, and the oldest counts."""
        balances: dict[tuple[str, str], int] = {}
        ages: dict[tuple[str, str], float] = {}
        for one in standing:
            key = (one.account, one.currency)
            balances[key] = balances.get(key, 0) + one.balance
            ages[key] = max(ages.get(key, 0.0), _day_age(one.oldest_day, now))
        for key, balance in balances.items():
            if key in self._accounts or len(self._accounts) < ACCOUNTS_SHOWN_MAX:
                self._accounts.add(key)
                self._metrics.account_balance.labels(LEDGER, *key).set(balance)
                self._metrics.account_oldest_seconds.labels(LEDGER, *key).set(ages[key])

    def _shown(self, currencies: Iterable[str]) -> list[str]:
        shown = []
        for currency in currencies:
            if currency in self._currencies or len(self._currencies) < CURRENCIES_SHOWN_MAX:
                self._currencies.add(currency)
                shown.append(currency)
        return shown


def _age(backlog: Backlog, now: int) -> float:
    return 0.0 if backlog.oldest_at is None else max(0, now - backlog.oldest_at * _MILLISECONDS) / MICROSECONDS


def _day_age(day: str | None, now: int) -> float:
    """Seconds since a day ended (UTC), 0 while it lasts."""
    try:
        ended = None if day is None else datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        return 0.0
    return 0.0 if ended is None else max(0.0, now / MICROSECONDS - ended.timestamp())
