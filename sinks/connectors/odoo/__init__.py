"""Odoo 19 and later over JSON-2: journals, from the vendor's documentation (a preview)."""
