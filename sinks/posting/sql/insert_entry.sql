-- An entry that is new.
INSERT INTO posting_entry (connection, entry_id, partition, entry_offset, order_key, entry_seq, content_hash, state, about, reason, summary,
    value, taken_at, planned_with)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
