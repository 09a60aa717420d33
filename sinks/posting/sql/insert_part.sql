-- An entry in a document.
INSERT INTO posting_part (connection, key, entry_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
