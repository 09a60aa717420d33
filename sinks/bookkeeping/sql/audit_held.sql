-- The next entries in order of booking: after an entry_no, at most so many.
SELECT entry_no, entry_id, stream_partition, stream_offset FROM {main}entry{scanned} WHERE entry_no > ? ORDER BY entry_no LIMIT ?
