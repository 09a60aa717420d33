"""Writes the file of rules: `python -m deploy.prometheus.alerts`; with options, those of an installation with addresses of its own."""

import argparse
from pathlib import Path

from deploy.prometheus.alerts.money import PARKED_SECONDS_MAX
from deploy.prometheus.alerts.rules_file import FILE, GRAFANA, RUNBOOKS, rules_text

parser = argparse.ArgumentParser(prog="python -m deploy.prometheus.alerts", description="Write the rules of alerts for Prometheus.")
parser.add_argument("--runbooks", default=RUNBOOKS, metavar="URL/", help="where your runbooks are, with the last slash")
parser.add_argument("--grafana", default=GRAFANA, metavar="URL", help="where your Grafana is")
parser.add_argument("--parked-seconds", default=PARKED_SECONDS_MAX, type=int, help="how long an event may wait for another one")
parser.add_argument("--out", default=FILE, type=Path, help="the file to write")
chosen = parser.parse_args()
chosen.out.write_text(rules_text(chosen.runbooks, chosen.grafana, chosen.parked_seconds), encoding="utf-8")
