-- The next entry ids in order of booking: after an entry_no, at most so many.
SELECT entry_no, entry_id FROM entry WHERE entry_no > ? ORDER BY entry_no LIMIT ?
