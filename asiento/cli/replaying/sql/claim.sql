-- Those of the given ids that decisions in the range name and that were not met in the books before; now they are.
UPDATE named SET met = 1 WHERE met = 0 AND entry_id IN (SELECT value FROM json_each(?)) RETURNING entry_id
