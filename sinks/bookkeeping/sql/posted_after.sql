-- What is to be said of the next entries in order of booking: after an entry_no, at most so many.
SELECT entry_no, entry_id, stream_partition, order_key, booked_at, chain_hash FROM entry WHERE entry_no > ? ORDER BY entry_no LIMIT ?
