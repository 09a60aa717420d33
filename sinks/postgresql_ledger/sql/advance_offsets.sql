-- Compare-and-set of all ranges of a batch; answers how many stood where they were expected to.
SELECT asiento_ledger.advance_offsets(?, ?, ?, ?, ?, ?, ?, ?, ?)
