-- Replayed entries that the books do not have.
SELECT value FROM replayed WHERE met = 0 ORDER BY entry_id
