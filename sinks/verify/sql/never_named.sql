-- Entries on the stream, below an offset of their partition, that no decision names.
SELECT entry_id, position FROM stream_entry
WHERE partition = :partition AND position < :end AND entry_id NOT IN (SELECT entry_id FROM named_entry) ORDER BY position
