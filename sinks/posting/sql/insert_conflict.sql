-- A record that brings another content under a known entry_id.
INSERT INTO posting_conflict (connection, partition, entry_offset, entry_id, content_hash, value, taken_at)
VALUES (?, ?, ?, ?, ?, ?, ?)
