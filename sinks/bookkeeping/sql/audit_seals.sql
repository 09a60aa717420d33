-- The next entries in order of booking with their seals: after an entry_no, at most so many.
SELECT entry_no, entry_id, chain_hash, seal, booked_at, stream_partition FROM {main}entry{scanned}
WHERE entry_no > ? ORDER BY entry_no LIMIT ?
