-- A summary that opens.
INSERT INTO posting_summary (connection, subject, generation, name, closes_at)
VALUES (:connection, :subject, :generation, :name, :closes_at)
