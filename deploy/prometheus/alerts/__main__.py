"""Writes the file of rules: `python -m deploy.prometheus.alerts [--runbooks URL/] [--grafana URL]`."""

import argparse

from deploy.prometheus.alerts.rules_file import FILE, GRAFANA, RUNBOOKS, rules_text

parser = argparse.ArgumentParser(prog="python -m deploy.prometheus.alerts", description="Write deploy/prometheus/rules/asiento.yml.")
parser.add_argument("--runbooks", default=RUNBOOKS, help="where your runbooks are, with the last slash")
parser.add_argument("--grafana", default=GRAFANA, help="where your Grafana is")
chosen = parser.parse_args()
FILE.write_text(rules_text(chosen.runbooks, chosen.grafana), encoding="utf-8")
