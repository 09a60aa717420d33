-- An entry on the stream; the first of several under one id stays.
INSERT OR IGNORE INTO stream_entry (entry_id, content_hash, partition, position) VALUES (?, ?, ?, ?)
