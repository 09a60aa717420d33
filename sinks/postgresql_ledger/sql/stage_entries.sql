-- Where a batch's entries are copied to first: COPY knows no ON CONFLICT. Private to the session, emptied at every commit.
CREATE TEMPORARY TABLE staged_entry (LIKE asiento_ledger.entry) ON COMMIT DELETE ROWS
