-- A finding that was raised.
INSERT INTO posting_finding (connection, subject, partition, order_key, value, found_at) VALUES (?, ?, ?, ?, ?, ?)
