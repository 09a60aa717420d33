"""A system that hurts is seen by a real Prometheus, within the minute that the on-call engineer is promised."""

import signal
from pathlib import Path

import pytest

from tests.watched_system import WatchedSystem

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]


def test_a_worker_that_is_killed_shows(tmp_path: Path) -> None:
    with WatchedSystem(tmp_path, "--workers", "1") as system:
        assert {"up", "broker", "worker-1", "sink-ledger", "projector", "sweeper"} <= system.processes().keys()
        assert {job["metric"]["instance"] for job in system.query('up{job=~"asiento-.*"}')} <= system.metrics_urls.keys()
        first = system.signal("worker-1", signal.SIGKILL)
        assert first.pid > 0
        assert system.discrepancies() is not None
