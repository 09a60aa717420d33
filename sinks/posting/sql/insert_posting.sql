-- A document that is new.
INSERT INTO posting (connection, key, document_group, sequence, kind, reference, body, digest, state, ready_at, planned_at, open_since, message,
    events)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
