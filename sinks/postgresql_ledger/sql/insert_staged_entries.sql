-- Book what is staged, in order; fewer rows than staged say that an entry_id was booked by somebody else meanwhile.
INSERT INTO asiento_ledger.entry SELECT * FROM pg_temp.staged_entry ORDER BY entry_no ON CONFLICT ON CONSTRAINT entry_once DO NOTHING
