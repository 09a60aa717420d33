"""Who hears of which alert, asked of the real amtool."""

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from deploy.prometheus.alerts.declaring import Alert, Cause
from deploy.prometheus.alerts.every_alert import ALERTS

ROOT: Final = Path(__file__).resolve().parents[3]
FILE: Final = ROOT / "deploy/alertmanager/alertmanager.yml"
CONFIG: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
KINDS: Final = sorted({(alert.name, cause.severity.value) for alert in ALERTS for cause in alert.causes})
CAUSES: Final = {(alert.name, cause.word) for alert in ALERTS for cause in alert.causes}


def _amtool(amtool: str, *words: str) -> str:
    done = subprocess.run([amtool, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_alertmanager_understands_it(amtool: str) -> None:
    assert "2 receivers" in _amtool(amtool, "check-config", str(FILE))


@pytest.mark.parametrize(("name", "severity"), KINDS)
def test_it_goes_to_the_receiver_of_its_severity(amtool: str, name: str, severity: str) -> None:
    labels = (f"alertname={name}", f"severity={severity}", "cause=any")
    assert _amtool(amtool, "config", "routes", "test", f"--config.file={FILE}", *labels).strip() == severity


def test_a_severity_that_nobody_knows_is_a_ticket(amtool: str) -> None:
    assert _amtool(amtool, "config", "routes", "test", f"--config.file={FILE}", "alertname=X", "severity=x").strip() == "ticket"


def test_inhibitions_are_about_alerts_that_exist() -> None:
    names = {alert.name for alert in ALERTS}
    for rule in CONFIG["inhibit_rules"]:
        for side in ("source_matchers", "target_matchers"):
            told = {name: set(values.strip('"').split("|")) for name, _, values in (matcher.split(" ") for matcher in rule[side])}
            assert told["alertname"] <= names, rule
            for cause in told.get("cause", ()):
                assert any((name, cause) in CAUSES for name in told["alertname"]), rule


def test_no_secret_stands_in_it() -> None:
    for receiver in CONFIG["receivers"]:
        (webhook,) = receiver["webhook_configs"]
        assert set(webhook["http_config"]["authorization"]) == {"credentials_file"}
        assert webhook["url"] == f"http://alert-receiver:8080/{receiver['name']}"


def test_texts_are_there_in_both_languages(amtool: str, tmp_path: Path) -> None:
    alert: Alert = ALERTS[0]
    cause: Cause = alert.causes[0]
    labels = {"alertname": alert.name, "severity": cause.severity.value}
    annotations = {"summary": "money stands", "summary_es": "el dinero está parado", "command": cause.command}
    links = {"runbook_url": "docs/runbooks/x.md", "dashboard": "http://grafana/d/x"}
    told = {"status": "firing", "labels": labels, "annotations": {**annotations, **links}}
    data = tmp_path / "data.json"
    data.write_text(json.dumps({"status": "firing", "commonLabels": labels, "alerts": [told]}), encoding="utf-8")
    templates = ROOT / "deploy/alertmanager/templates/*.tmpl"

    def rendered(name: str) -> str:
        options = (f"--template.glob={templates}", f"--template.data={data}", f'--template.text={{{{ template "{name}" . }}}}')
        return _amtool(amtool, "template", "render", *options)

    assert "money stands.\nFirst: asiento doctor\nRunbook: docs/runbooks/x.md" in rendered("asiento.text.en")
    assert "el dinero está parado.\nPrimero: asiento doctor\nGuía: docs/runbooks/x.md" in rendered("asiento.text.es")
    assert "[FIRING 1] AsientoMoneyNotFlowing" in rendered("asiento.title")
