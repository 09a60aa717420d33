"""Entries become documents of one ledger: what an entry is told as, in each mode. See docs/ledger-documents.md."""
