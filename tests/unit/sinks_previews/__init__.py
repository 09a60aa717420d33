"""Tests of the previews: ledgers whose connectors are built from documentation."""
