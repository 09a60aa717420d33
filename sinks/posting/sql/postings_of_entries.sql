-- The documents of entries.
SELECT {posting_columns} FROM posting
WHERE connection = ? AND number IN (SELECT posting.number FROM posting_part AS part
    JOIN posting ON posting.connection = part.connection AND posting.key = part.key WHERE part.connection = ? AND part.entry_id IN ({ids}))
ORDER BY number
