-- New sealed tokens; whoever refreshed them is done.
INSERT INTO posting_token (connection, sealed, kept_at, holder, held_until) VALUES (:connection, :sealed, :at, NULL, NULL)
ON CONFLICT (connection) DO UPDATE SET sealed = excluded.sealed, kept_at = excluded.kept_at, holder = NULL, held_until = NULL
