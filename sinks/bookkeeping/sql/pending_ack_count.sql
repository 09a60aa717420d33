-- How many booked entries are not acknowledged yet, and since when the oldest.
SELECT count(*), coalesce(min(booked_at), 0) FROM entry WHERE entry_no > (SELECT coalesce(max(entry_no), 0) FROM ack_cursor)
