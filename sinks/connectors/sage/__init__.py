"""Sage Accounting: journals, from the vendor's documentation (a preview)."""
