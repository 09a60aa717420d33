-- Compare-and-set; answers whether the cursor of the acks stood where it was expected to.
SELECT asiento_ledger.move_cursor(?, ?, ?, ?, ?)
