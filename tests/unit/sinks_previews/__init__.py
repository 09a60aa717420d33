"""Tests of ledgers that are previews: what is rendered, and what answers mean."""
