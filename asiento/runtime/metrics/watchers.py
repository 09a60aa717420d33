"""Metrics of what watches the stream and books nothing: sweeper, projector, lag exporter."""

from typing import Final

from asiento.runtime.metrics import labels
from asiento.runtime.metrics.declaring import Declarer, Exporter

_SWEEPER: Final = (Exporter.SWEEPER,)
_PROJECTOR: Final = (Exporter.PROJECTOR,)
_LAG_EXPORTER: Final = (Exporter.LAG_EXPORTER,)


class WatcherMetrics:
    """Declared by `Metrics`."""

    def _declare_sweeper(self, declare: Declarer) -> None:
        self.deadlines_told = declare.counter(
            "asiento_deadlines_told",
            "events",
            "DeadlinePassed events that the sweeper sent",
            _SWEEPER,
            labels={"kind": labels.DEADLINE_KIND},
        )
        self.deadlines_standing = declare.gauge(
            "asiento_deadlines_standing", "orders", "Orders whose next deadline the sweeper holds", _SWEEPER
        )
        self.deadlines_unanswered = declare.gauge(
            "asiento_deadlines_unanswered", "orders", "Orders with deadlines that were told and that no worker has judged yet", _SWEEPER
        )
        self.last_sweep = declare.gauge(
            "asiento_last_sweep_timestamp_seconds", "seconds since 1970 (UTC)", "When the sweeper last told all that was due", _SWEEPER
        )

    def _declare_projector(self, declare: Declarer) -> None:
        self.projected_records = declare.counter(
            "asiento_projected_records",
            "records",
            "Records written into the operational database",
            _PROJECTOR,
            labels={"topic": labels.CATALOGUE_TOPIC},
        )
        self.operational_transactions = declare.counter(
            "asiento_operational_transactions",
            "transactions",
            "Transactions of the operational database",
            _PROJECTOR,
            labels={"result": labels.TRANSACTION_RESULT},
        )
        self._declare_open(declare)
        self.accounted_records = declare.gauge(
            "asiento_accounted_records",
            "records",
            "Records of the events topic by what became of them, out of the operational database, as `asiento verify` adds them up",
            _PROJECTOR,
            labels={"partition": labels.PARTITION, "outcome": labels.OUTCOME},
        )
        self.unaccounted_records = declare.gauge(
            "asiento_unaccounted_records",
            "records",
            "Records that lie before what workers have decided and have no outcome, and outcomes without a record; must be 0",
            _PROJECTOR,
            labels={"partition": labels.PARTITION},
        )

    def _declare_open(self, declare: Declarer) -> None:
        waiting = {"kind": labels.OPEN_KIND, "code": labels.OPEN_CODE}
        grave = {"code": labels.CODE, "severity": labels.SEVERITY}
        self.open_items = declare.gauge("asiento_open_items", "items", "What waits for a person", _PROJECTOR, labels=waiting)
        self.open_items_oldest_seconds = declare.gauge(
            "asiento_open_items_oldest_seconds", "seconds", "How long the oldest of them has waited, 0 if none", _PROJECTOR, labels=waiting
        )
        self.discrepancies_open = declare.gauge(
            "asiento_discrepancies_open", "discrepancies", "Discrepancies that nobody and nothing has resolved", _PROJECTOR, labels=grave
        )
        self.discrepancies_oldest_seconds = declare.gauge(
            "asiento_discrepancies_oldest_seconds",
            "seconds",
            "How long the oldest of them has been open, 0 if none",
            _PROJECTOR,
            labels=grave,
        )

    def _declare_lag_exporter(self, declare: Declarer) -> None:
        place = {"group": labels.GROUP, "topic": labels.TOPIC, "partition": labels.PARTITION}
        self.group_lag_records = declare.gauge(
            "asiento_group_lag_records",
            "offsets",
            "How far a group is behind the end of a partition, as the brokers know it: also when none of its processes lives",
            _LAG_EXPORTER,
            labels=place,
        )
        self.group_lag_seconds = declare.gauge(
            "asiento_group_lag_seconds",
            "seconds",
            "Age of the oldest record that the group has not committed, 0 if none",
            _LAG_EXPORTER,
            labels=place,
        )
        self.group_members = declare.gauge(
            "asiento_group_members",
            "members",
            "Members of the group that the brokers know; 0 for groups that only note positions",
            _LAG_EXPORTER,
            labels={"group": labels.GROUP},
        )
        self.broker_up = declare.gauge(
            "asiento_broker_up", "0 or 1", "1 if the last look at the brokers was answered; else no lags are shown", _LAG_EXPORTER
        )
        self.broker_answer_seconds = declare.gauge(
            "asiento_broker_answer_seconds",
            "seconds",
            "How long the slowest answer of a broker took at the last look; one that never came counts for as long as it was waited for",
            _LAG_EXPORTER,
        )
        self.lag_last_run = declare.gauge(
            "asiento_lag_last_run_timestamp_seconds", "seconds since 1970 (UTC)", "When all lags were read last", _LAG_EXPORTER
        )
