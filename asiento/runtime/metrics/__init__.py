"""Every metric of the product, declared once: name, type, unit, labels with their closed sets, meaning, and which process shows it.

Each process has one `Metrics` with its own registry. Hot paths keep the children (`labels(...)`) they need, so that no look-up
happens per event. The page docs/reference/metrics.md is made from these declarations (`python -m asiento.cli.metrics_page`).
"""

from asiento.runtime.metrics.catalogue import AGE_BUCKETS, Metrics, VerifyMetrics
from asiento.runtime.metrics.declaring import COMMANDS, Exporter, Family, Label

__all__ = ["AGE_BUCKETS", "COMMANDS", "Exporter", "Family", "Label", "Metrics", "VerifyMetrics"]
