"""The figures of a report as JSON: amounts in minor units, times in UTC, ages and lags in microseconds."""

from dataclasses import asdict
from typing import Any

from asiento.cli.reporting.prometheus import Seen
from schemas.formats import time_text
from sinks.report.figures import AGE_LIMITS_SECONDS, Figures


def report_values(figures: Figures, seen: Seen | None = None) -> dict[str, Any]:
    """All figures under the names of `sinks.report.figures`."""
    values: dict[str, Any] = asdict(figures)
    start, stop = figures.range
    values["as_of"] = time_text(figures.as_of)
    values["range"] = {"start": None if start is None else time_text(start), "stop": None if stop is None else time_text(stop)}
    values["age_limits_seconds"] = list(AGE_LIMITS_SECONDS)
    for step in values["timeline"]["steps"]:
        step["at"] = time_text(step["at"])
    for kind in ("discrepancies", "parked", "dead_letters"):
        for group in values[kind]["groups"]:
            group["oldest"] = time_text(group["oldest"])
        for item in values[kind]["oldest"]:
            item["since"] = time_text(item["since"])
    for group in values["documents"]:
        group["oldest"] = time_text(group["oldest"])
    values["prometheus"] = None if seen is None else asdict(seen)
    return values
