"""Zoho Books: journals, from the vendor's documentation (a preview)."""
