"""The rules of alerts: current, understood by Prometheus, each tried in three ways, each with its links."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import promql_parser
import pytest
import yaml

from deploy.prometheus.alerts import rules_file
from deploy.prometheus.alerts.declaring import Alert, Cause, Severity
from deploy.prometheus.alerts.every_alert import ALERTS, RECORDINGS
from deploy.prometheus.alerts.objectives import FAST, SLOW
from tests.documented_commands import Named, problem_of
from tests.promql_rules import Sample, catalogue, read

ROOT: Final = Path(__file__).resolve().parents[3]
TESTS: Final = sorted((ROOT / "deploy/prometheus/tests").glob("*.yml"))
CAUSES: Final = [(alert, cause) for alert in ALERTS for cause in alert.causes]
FIRING: Final = re.compile(r'ALERTS\{alertname="(\w+)", alertstate="firing", cause="(\w+)"(?:, \w+="[^"]+")?\}')


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Alert) else value.word if isinstance(value, Cause) else None


def _asked() -> Iterator[tuple[str, tuple[str, str], dict[str, Any]]]:
    """(what the group of tests shows, (alert, cause), what is expected at a time) of every test for promtool."""
    for file in TESTS:
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            assert group["input_series"], group["name"]
            for one in group["promql_expr_test"]:
                asked = FIRING.fullmatch(one["expr"])
                assert asked, one["expr"]
                yield group["name"].rsplit(": ", 1)[1], (asked[1], asked[2]), one


def test_the_file_is_current() -> None:
    assert rules_file.FILE.read_text(encoding="utf-8") == rules_file.rules_text(), "run python -m deploy.prometheus.alerts"


def test_prometheus_understands_the_rules(promtool: str) -> None:
    checked = subprocess.run([promtool, "check", "rules", rules_file.FILE], capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(CAUSES) + len(RECORDINGS)} rules found" in checked.stdout


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_fire_stay_silent_and_end(promtool: str, file: Path) -> None:
    tried = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, timeout=240, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr


@pytest.mark.parametrize(("alert", "cause"), CAUSES, ids=_name)
def test_every_alert_is_tried_in_three_ways(alert: Alert, cause: Cause) -> None:
    mine = [(shows, one) for shows, place, one in _asked() if place == (alert.name, cause.word)]
    over = [bool(one["exp_samples"]) for shows, one in mine if shows == "fires and resolves"]
    assert over == [False, *[True, False] * max(len(over) // 2, 1)], "before, and for each way to fire meanwhile and afterwards"
    silent = [bool(one["exp_samples"]) for shows, one in mine if shows == "does not fire"]
    assert silent
    assert not any(silent)


@pytest.mark.parametrize(("alert", "cause"), CAUSES, ids=_name)
def test_it_says_what_to_do_with_labels_that_it_has(alert: Alert, cause: Cause) -> None:
    fired = next(one for shows, place, one in _asked() if place == (alert.name, cause.word) and one["exp_samples"])
    labels = dict(re.findall(r'(\w+)="([^"]*)"', fired["exp_samples"][0]["labels"]))
    assert labels["severity"] == cause.severity.value
    for text in (cause.summary, cause.summary_es, cause.first, cause.command):
        assert set(re.findall(r"\$labels\.(\w+)", text)) <= labels.keys(), text
    assert cause.summary != cause.summary_es
    assert cause.first.endswith(".")
    command = re.sub(r"\{\{ \$labels\.\w+ \}\}", "NAME", cause.command)
    assert problem_of(Named(command, whole=True)) is None, command


@pytest.mark.parametrize("expression", [cause.expression for _, cause in CAUSES] + [one.expression for one in RECORDINGS])
def test_a_parser_of_another_hand_reads_it(expression: str) -> None:
    promql_parser.parse(expression)


@pytest.mark.parametrize(("alert", "cause"), CAUSES, ids=_name)
def test_it_is_heard_within_a_minute_or_says_why_not(alert: Alert, cause: Cause) -> None:
    """15 s for a scrape, its rule and what an exporter asks now and then are left; calls without an answer are looked up first."""
    assert cause.hold_seconds <= 45 or (alert.name, cause.word) == ("AsientoLedgerDelivery", "uncertain")


def test_names_are_unique_and_a_burn_pages_before_it_tickets() -> None:
    assert len({alert.name for alert in ALERTS}) == len(ALERTS)
    assert len({(alert.name, cause.word) for alert, cause in CAUSES}) == len(CAUSES)
    assert (FAST.severity, SLOW.severity) == (Severity.PAGE, Severity.TICKET)
    assert FAST.factor > SLOW.factor


def test_an_installation_has_links_and_limits_of_its_own() -> None:
    text = rules_file.rules_text("https://wiki.example/runbooks/", "https://grafana.example", 30)
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"] if "alert" in rule]
    assert rules[0]["annotations"]["runbook_url"] == "https://wiki.example/runbooks/asiento-money-not-flowing.md"
    assert rules[0]["annotations"]["dashboard"] == "https://grafana.example/d/asiento-overview"
    assert [rule["expr"][-5:] for rule in rules if rule["alert"] == "AsientoParkedTooLong"] == [") > 30"[-5:]]


def test_every_metric_and_label_of_the_rules_exists() -> None:
    known = catalogue()
    for recording in RECORDINGS:
        found = read(recording.expression, known)
        assert found.faults == (), recording.name
        known[recording.name] = Sample(family=recording.name, grows=False, labels=found.labels)
    for alert, cause in CAUSES:
        assert read(cause.expression, known).faults == (), f"{alert.name} {cause.word}"
    assert read("asiento_lost_total > 0", known).faults == ("no process exports asiento_lost_total",)
