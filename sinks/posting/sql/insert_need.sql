-- A document that another one waits for.
INSERT INTO posting_need (connection, key, needs) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
