-- Where an event stands; the caller has folded the decisions of its partition in their order.
INSERT INTO event_state (partition, event_id, record_offset, order_key, outcome, code, since, batch_offset)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (partition, event_id) DO UPDATE SET
    record_offset = excluded.record_offset, order_key = excluded.order_key, outcome = excluded.outcome,
    code = excluded.code, since = excluded.since, batch_offset = excluded.batch_offset
