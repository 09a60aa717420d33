-- Those of these entry ids (a JSON array) that the stream does not have.
SELECT value FROM json_each(?) WHERE value NOT IN (SELECT entry_id FROM stream_entry)
