"""Faust: the order worker, its agents, tables and delivery engine."""
