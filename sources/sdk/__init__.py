"""For producing teams: typed order events, exact money, checks with JSON pointers, ids, producers and an outbox.

Light to import: what needs a broker or a database is loaded by `sources.sdk.producer` and `sources.sdk.outbox` alone.
"""
