-- An event is on the topic.
UPDATE asiento_outbox SET confirmed_at = ? WHERE position = ?
