-- A discrepancy to be published.
INSERT INTO posting_discrepancy (connection, partition, order_key, value) VALUES (?, ?, ?, ?)
