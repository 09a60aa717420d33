-- A step of a document.
INSERT INTO posting_event (connection, key, place, at, before_state, state, attempt, reason, code, message)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
