"""What the Prometheus operator reads: where metrics are, and the rules of deploy/prometheus/rules."""

from pathlib import Path
from typing import Final

import yaml

from deploy.kubernetes.workloads import METRICS_PORT, Object, labels

VERSION: Final = "monitoring.coreos.com/v1"
RULES: Final = Path(__file__).resolve().parents[1] / "prometheus" / "rules"


def pod_monitor() -> Object:
    """One for all processes. Job and instance are named as everywhere: asiento-<component>, and the process with its port.

    The pod of a Deployment has another name after each start, the process has not.
    """
    process = ["__meta_kubernetes_pod_controller_kind", "__meta_kubernetes_pod_label_app_kubernetes_io_instance"]
    relabelings: list[Object] = [
        {"sourceLabels": ["__meta_kubernetes_pod_label_app_kubernetes_io_component"], "targetLabel": "job", "replacement": "asiento-$1"},
        {"sourceLabels": ["__meta_kubernetes_pod_name"], "targetLabel": "instance", "replacement": f"$1:{METRICS_PORT}"},
        {"sourceLabels": process, "regex": "ReplicaSet;(.+)", "targetLabel": "instance", "replacement": f"$1:{METRICS_PORT}"},
    ]
    endpoint = {"port": "metrics", "path": "/metrics", "interval": "15s", "scrapeTimeout": "10s", "relabelings": relabelings}
    spec = {"selector": {"matchLabels": {"app.kubernetes.io/name": "asiento"}}, "podMetricsEndpoints": [endpoint]}
    return {"apiVersion": VERSION, "kind": "PodMonitor", "metadata": {"name": "asiento", "labels": labels("monitoring")}, "spec": spec}


def prometheus_rule() -> Object:
    """All groups of all files of rules."""
    groups = [group for path in sorted(RULES.glob("*.yml")) for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return {
        "apiVersion": VERSION,
        "kind": "PrometheusRule",
        "metadata": {"name": "asiento", "labels": labels("monitoring")},
        "spec": {"groups": groups},
    }
