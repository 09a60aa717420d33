"""Prometheus and the Grafana board agree with what the processes export."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from asiento.runtime.metrics import Metrics

ROOT = Path(__file__).resolve().parents[3]
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
PROMETHEUS = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))
BOARD = json.loads((ROOT / "deploy/grafana/dashboards/money-flow.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = BOARD["panels"]
TARGETS = [(panel["title"], target["expr"]) for panel in PANELS for target in panel["targets"]]
LABELS_OF_PROMETHEUS = {"le", "instance", "job"}
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def exported() -> dict[str, str]:
    """Sample name -> counter, gauge or histogram, for every metric of the registry."""
    return {metric.name + suffix: metric.type for metric in Metrics().registry.collect() for suffix in SUFFIXES[metric.type]}


def labels_of(sample: str) -> set[str]:
    return next(set(family.labels) for family in Metrics().families if sample in family.samples)


def samples_in(expression: str) -> list[str]:
    return re.findall(r"\basiento_\w+", expression)


@pytest.mark.parametrize(("title", "expression"), TARGETS)
def test_every_metric_of_the_board_is_exported(title: str, expression: str) -> None:
    names = samples_in(expression)
    assert names, f"{title} asks for none of our metrics"
    assert set(names) <= set(exported()), title


@pytest.mark.parametrize(("title", "expression"), TARGETS)
def test_counters_are_rated_and_gauges_are_not(title: str, expression: str) -> None:
    for name in samples_in(expression):
        rated = re.search(rf"\b(rate|increase)\({name}\[", expression) is not None
        assert rated == (exported()[name] != "gauge"), f"{title}: {name}"


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_every_label_of_a_panel_exists(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        known = LABELS_OF_PROMETHEUS.union(*(labels_of(name) for name in samples_in(target["expr"])))
        grouped = {label for words in re.findall(r"\bby \(([^)]*)\)", target["expr"]) for label in words.split(", ")}
        assert grouped <= known
        assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= grouped


@pytest.mark.parametrize("panel", PANELS, ids=[panel["title"] for panel in PANELS])
def test_every_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 10
    assert panel["fieldConfig"]["defaults"]["unit"] in {"short", "s", "cps"}
    assert panel["datasource"]["uid"] == "${datasource}"
    for target in panel["targets"]:
        assert target["legendFormat"]
        assert target["expr"].count("(") == target["expr"].count(")")


def test_ids_are_unique_and_nothing_overlaps() -> None:
    assert max(Counter(panel["id"] for panel in PANELS).values()) == 1
    for panel in PANELS:
        assert max(Counter(target["refId"] for target in panel["targets"]).values()) == 1
    cells = Counter(
        (x, y)
        for place in (panel["gridPos"] for panel in PANELS)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    )
    assert max(cells.values()) == 1
    assert max(x for x, _ in cells) < 24


def test_the_board_shows_how_money_flows() -> None:
    shown = {name for _, expression in TARGETS for name in samples_in(expression)}
    assert {
        "asiento_records_consumed_total",
        "asiento_entries_booked_total",
        "asiento_lag_records",
        "asiento_lag_seconds",
        "asiento_booked_age_seconds_bucket",
        "asiento_parked_events",
        "asiento_dead_letters_total",
    } <= shown


def test_prometheus_asks_every_process_of_the_compose_file_and_nobody_else() -> None:
    targets = {target for job in PROMETHEUS["scrape_configs"] for config in job["static_configs"] for target in config["targets"]}
    processes = {
        f"{name}:{service['environment']['ASIENTO_METRICS_PORT']}"
        for name, service in SERVICES.items()
        if "ASIENTO_METRICS_PORT" in service.get("environment", {})
    }
    assert len(processes) == 5
    assert targets == {*processes, "localhost:9090"}


def test_the_metrics_port_is_the_one_exposed_and_asked_by_the_health_check() -> None:
    for service in SERVICES.values():
        port = service.get("environment", {}).get("ASIENTO_METRICS_PORT")
        if port:
            assert service["expose"] == [port]
            assert f":{port}/readyz" in service["healthcheck"]["test"][-1]


def test_grafana_is_provisioned_with_the_board_and_its_data_source() -> None:
    provisioning = ROOT / "deploy/grafana/provisioning"
    source = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text(encoding="utf-8"))["datasources"][0]
    provider = yaml.safe_load((provisioning / "dashboards/asiento.yml").read_text(encoding="utf-8"))["providers"][0]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert source["url"] == "http://prometheus:9090"
    assert BOARD["templating"]["list"][0]["current"]["value"] == source["uid"]
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/money-flow.json"
