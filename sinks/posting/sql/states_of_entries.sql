-- Where the documents of entries stand.
SELECT part.entry_id, posting.state, posting.reason, posting.about, posting.message, posting.remote_id, posting.remote_number
FROM posting_part AS part JOIN posting ON posting.connection = part.connection AND posting.key = part.key
WHERE part.connection = ? AND part.entry_id IN ({ids}) ORDER BY part.entry_id, posting.number
