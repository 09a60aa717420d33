-- The right to write this database's ledger, held by the session; the server gives it back with the session, however that ends.
SELECT pg_try_advisory_lock(?, ?)
