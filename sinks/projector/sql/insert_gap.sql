-- Offsets that retention took before they were read.
INSERT INTO retention_gap (topic, partition, first_offset, next_offset) VALUES (?, ?, ?, ?)
