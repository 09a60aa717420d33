"""Metrics that boards ask for and that no process exports yet: name -> labels. What arrives leaves this list (a test says so)."""

from collections.abc import Mapping
from typing import Final

from tests.promql_rules import Sample

_GAUGES: Final[Mapping[str, frozenset[str]]] = {}
PROMISED: Final = {name: Sample(family=name, grows=False, labels=labels) for name, labels in _GAUGES.items()}
