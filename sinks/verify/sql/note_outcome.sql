-- What became of one source record; a second outcome of the same record is noticed by the row count.
INSERT OR IGNORE INTO outcome (partition, position, event_id, outcome) VALUES (?, ?, ?, ?)
