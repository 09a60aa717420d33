"""Metrics that boards ask for and that no process exports yet: name -> labels. What arrives leaves this list (a test says so)."""

from collections.abc import Mapping
from typing import Final

from tests.promql_rules import Sample

_GAUGES: Final[Mapping[str, frozenset[str]]] = {}
PROMISED: Final = {name: Sample(family=name, grows=False, labels=labels) for name, labels in _GAUGES.items()}

NOT_SHOWN_YET: Final = frozenset(
    {
        "asiento_accounted_records",
        "asiento_broker_up",
        "asiento_discrepancies_oldest_seconds",
        "asiento_discrepancies_open",
        "asiento_entry_age_seconds_bucket",
        "asiento_group_lag_records",
        "asiento_group_lag_seconds",
        "asiento_group_members",
        "asiento_lag_last_run_timestamp_seconds",
        "asiento_open_items_oldest_seconds",
        "asiento_unaccounted_records",
    }
)
"""Declared, and no process sets them yet."""
