-- Entries that decisions name and the stream does not have.
SELECT entry_id, partition, position FROM named_entry WHERE entry_id NOT IN (SELECT entry_id FROM stream_entry) ORDER BY partition, position
