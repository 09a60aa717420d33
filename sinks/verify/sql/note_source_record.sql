-- A record that the source topic holds.
INSERT OR IGNORE INTO source_record (partition, position) VALUES (?, ?)
