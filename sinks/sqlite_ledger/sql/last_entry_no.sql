-- The number of the entry booked last; 0 in an empty ledger.
SELECT coalesce(max(entry_no), 0) FROM entry
