-- The seal of one entry.
SELECT seal FROM entry WHERE entry_no = ?
