-- Who refreshes the tokens until when.
INSERT INTO posting_token (connection, sealed, kept_at, holder, held_until) VALUES (:connection, NULL, :at, :holder, :until)
ON CONFLICT (connection) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
