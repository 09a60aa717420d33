"""Tryton (8.x): accounting moves and customer invoices over its REST API. See docs/ledgers/tryton.md."""
