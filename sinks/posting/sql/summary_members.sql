-- Entries of a summary, a page of them.
SELECT {entry_columns} FROM posting_entry
WHERE connection = :connection AND summary = :summary AND entry_id > :after ORDER BY entry_id LIMIT :limit
