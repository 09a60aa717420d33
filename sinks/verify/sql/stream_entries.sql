-- What is noted of these entry ids (a JSON array).
SELECT entry_id, content_hash, partition, position FROM stream_entry WHERE entry_id IN (SELECT value FROM json_each(?))
