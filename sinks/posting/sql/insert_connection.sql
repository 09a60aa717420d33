-- The row of a connection that is new.
INSERT INTO posting_connection (connection, changes) VALUES (:connection, 0) ON CONFLICT DO NOTHING
