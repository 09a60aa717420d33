"""Health pages over HTTP on loopback."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import pytest

from asiento.runtime.health import HealthChecks, HealthServer
from asiento.runtime.metrics import Metrics


def _get(port: int, path: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _page(port: int, path: str) -> tuple[int, Any]:
    status, body = _get(port, path)
    return status, json.loads(body)


def test_pages_and_metrics() -> None:
    metrics = Metrics()
    metrics.records_consumed.labels("posted").inc(7)
    reasons: list[str] = ["tables are recovering"]
    checks = HealthChecks(ready=lambda: reasons)
    server = HealthServer(metrics, "127.0.0.1", 0, checks)
    port = server.start()
    try:
        assert _page(port, "/livez") == (200, {"ok": True, "reasons": []})
        assert _page(port, "/startupz") == (200, {"ok": True, "reasons": []})
        assert _page(port, "/readyz") == (503, {"ok": False, "reasons": ["tables are recovering"]})
        reasons.clear()
        assert _page(port, "/readyz") == (200, {"ok": True, "reasons": []})
        status, body = _get(port, "/metrics")
        assert status == 200
        assert b'asiento_records_consumed_total{outcome="posted"} 7.0' in body
        assert _get(port, "/else")[0] == 404
    finally:
        server.stop()
    with pytest.raises(urllib.error.URLError):
        _get(port, "/livez")


def test_a_check_that_breaks_is_a_reason() -> None:
    def broken() -> Sequence[str]:
        raise KeyError("assignment")

    server = HealthServer(Metrics(), "127.0.0.1", 0, HealthChecks(live=broken))
    port = server.start()
    try:
        assert _page(port, "/livez") == (503, {"ok": False, "reasons": ["the check itself failed: KeyError"]})
    finally:
        server.stop()


def test_a_taken_port_is_an_error_at_start() -> None:
    first = HealthServer(Metrics(), "127.0.0.1", 0, HealthChecks())
    port = first.start()
    try:
        with pytest.raises(OSError, match="in use"):
            HealthServer(Metrics(), "127.0.0.1", port, HealthChecks()).start()
    finally:
        first.stop()


async def test_the_tasks_of_the_main_loop_are_counted() -> None:
    """What is never awaited again would show here as growth."""
    server = HealthServer(Metrics(), "127.0.0.1", 0, HealthChecks())
    port = server.start()
    try:
        _, before = await asyncio.to_thread(_get, port, "/metrics")
        forever = asyncio.Event()
        waiting = [asyncio.create_task(forever.wait()) for _ in range(3)]
        _, after = await asyncio.to_thread(_get, port, "/metrics")
        assert _tasks(after) == _tasks(before) + 3
        for task in waiting:
            task.cancel()
    finally:
        server.stop()


def _tasks(page: bytes) -> float:
    (line,) = (line for line in page.splitlines() if line.startswith(b"asiento_asyncio_tasks "))
    return float(line.split()[1])
