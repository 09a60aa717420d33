"""A system that hurts is seen by a real Prometheus, within the minute that the on-call engineer is promised."""

import signal
from pathlib import Path

import pytest

from tests.watched_system import WatchedSystem

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def test_a_worker_that_is_killed_shows_within_a_minute(tmp_path: Path) -> None:
    with WatchedSystem(tmp_path, "--workers", "1") as system:
        assert {"up", "broker", "worker-1", "sink-ledger", "projector", "sweeper"} <= system.processes().keys()
        first = system.processes()["worker-1"]
        system.prometheus.wait_value('up{instance="worker-1"}', 1, 30)
        system.signal("worker-1", signal.SIGKILL)
        raised = system.wait_alert("AsientoProcessGone", 60, {"cause": "restarted", "instance": "worker-1"})
        assert raised["annotations"]["runbook_url"] == "docs/runbooks/asiento-process-gone.md"
        assert system.processes()["worker-1"] != first
        assert {one["metric"]["instance"] for one in system.query('up{job=~"asiento-.+"}')} == system.metrics_urls.keys()
        assert system.discrepancies()["items"] == []
