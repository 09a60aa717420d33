"""Ledgers that are not ours: what stands between the entries topic and a connector. See docs/connectors.md."""
