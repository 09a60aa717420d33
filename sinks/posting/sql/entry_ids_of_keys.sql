-- The entries of documents.
SELECT DISTINCT entry_id FROM posting_part WHERE connection = ? AND key IN ({ids})
