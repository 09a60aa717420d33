-- One event, in the transaction of what it tells of.
INSERT INTO asiento_outbox (event_id, order_key, value, headers, added_at) VALUES (?, ?, ?, ?, ?)
