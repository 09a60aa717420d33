"""Prometheus asks every process of the compose file, and Grafana there shows the boards."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from asiento.runtime.metrics import Exporter
from tests.board_queries import BOARDS

ROOT = Path(__file__).resolve().parents[3]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
JOBS: list[dict[str, Any]] = PROMETHEUS["scrape_configs"]


def targets_of(job: dict[str, Any]) -> Iterator[str]:
    """host:port of all that a job asks."""
    for config in job.get("static_configs", []):
        yield from config["targets"]
    for config in job.get("dns_sd_configs", []):
        yield from (f"{name}:{config['port']}" for name in config["names"])


def test_prometheus_asks_every_process_of_the_compose_file_and_nobody_else() -> None:
    targets = {target for job in JOBS for target in targets_of(job)}
    processes = {
        f"{name}:{service['environment']['ASIENTO_METRICS_PORT']}"
        for name, service in SERVICES.items()
        if "ASIENTO_METRICS_PORT" in service.get("environment", {})
    }
    assert len(processes) > 10
    assert targets == {*processes, "localhost:9090"}


def test_a_job_is_named_after_the_kind_of_process_that_it_asks() -> None:
    kinds = {f"asiento-{exporter}" for exporter in Exporter}
    names = [job["job_name"] for job in JOBS if job["job_name"] != "prometheus"]
    assert set(names) <= kinds
    assert len(set(names)) == len(names)
    for job in JOBS[:-1]:
        for target in targets_of(job):
            assert target.startswith(job["job_name"].removeprefix("asiento-"))


def test_what_is_found_by_its_name_is_called_by_it() -> None:
    for job in JOBS:
        if "dns_sd_configs" in job:
            (rule,) = job["relabel_configs"]
            assert rule == {"source_labels": ["__meta_dns_name"], "target_label": "instance", "replacement": "$1:9464"}


def test_the_metrics_port_is_the_one_exposed_and_asked_by_the_health_check() -> None:
    for service in SERVICES.values():
        port = service.get("environment", {}).get("ASIENTO_METRICS_PORT")
        if port:
            assert service["expose"] == [port]
            assert f":{port}/readyz" in service["healthcheck"]["test"][-1]


@pytest.mark.parametrize("board", BOARDS.values(), ids=list(BOARDS))
def test_grafana_is_provisioned_with_the_boards_and_their_data_source(board: dict[str, Any]) -> None:
    provisioning = ROOT / "deploy/grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text(encoding="utf-8"))["datasources"][0]
    provider = yaml.safe_load((provisioning / "dashboards/asiento.yml").read_text(encoding="utf-8"))["providers"][0]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert source["url"] == "http://prometheus:9090"
    assert board["templating"]["list"][0]["current"]["value"] == source["uid"]
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/overview.json"
