-- The oldest events that wait.
SELECT position, order_key, value, headers FROM asiento_outbox WHERE confirmed_at IS NULL ORDER BY position LIMIT ?
