"""Verification: ledger against stream, records against decisions."""

from sinks.verify.report import FAULTS, Problem, Report
from sinks.verify.run import verify

__all__ = ["FAULTS", "Problem", "Report", "verify"]
