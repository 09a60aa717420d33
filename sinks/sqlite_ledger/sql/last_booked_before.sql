-- The entry booked last up to a time.
SELECT coalesce(max(entry_no), 0) FROM entry WHERE booked_at <= ?
