-- The documents of an entry.
SELECT key FROM posting_part WHERE connection = :connection AND entry_id = :entry_id ORDER BY key
