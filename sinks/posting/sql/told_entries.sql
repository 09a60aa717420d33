-- What was last told of entries.
SELECT entry_id, partition, order_key, state, about, reason, told_status, told_reason FROM posting_entry
WHERE connection = ? AND entry_id IN ({ids}) ORDER BY entry_id
