"""Tests of ledgers that are previews, built from documentation: what is rendered, and what answers mean."""
