-- The cursor of the acks, before the first one.
INSERT INTO ack_cursor (cursor_no, entry_no, conflict_no, seal) VALUES (1, 0, 0, ?)
