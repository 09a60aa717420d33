-- This migration is done.
INSERT INTO asiento_ledger.ledger_version (version) VALUES (?)
