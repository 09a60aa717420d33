-- The ledger's own schema, so that it can share a database with others.
CREATE SCHEMA IF NOT EXISTS asiento_ledger
