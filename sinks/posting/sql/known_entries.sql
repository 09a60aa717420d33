-- Entries that were taken before.
SELECT entry_id, content_hash FROM posting_entry WHERE connection = ? AND entry_id IN ({ids})
