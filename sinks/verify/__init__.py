"""Verification: ledger against stream, records against decisions."""

from sinks.verify.report import Problem, Report
from sinks.verify.run import verify

__all__ = ["Problem", "Report", "verify"]
