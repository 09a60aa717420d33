"""Xero: its accounting API 2.0."""
