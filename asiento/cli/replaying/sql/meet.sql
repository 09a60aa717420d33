-- The replayed entry of an id, marked as met.
UPDATE replayed SET met = 1 WHERE entry_id = ? RETURNING value
