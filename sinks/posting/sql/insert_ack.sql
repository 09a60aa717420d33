-- An ack to be published.
INSERT INTO posting_ack (connection, partition, order_key, entry_id, status, remote_id, remote_number, reason, acked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
