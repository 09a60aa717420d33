-- The newest record of a discrepancy.
INSERT INTO discrepancy (
    discrepancy_id, partition, record_offset, code, severity, order_key, event_id, entry_id, account, expected, actual,
    currency, parameters, raised_at, state
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (discrepancy_id) DO UPDATE SET
    partition = excluded.partition, record_offset = excluded.record_offset, code = excluded.code,
    severity = excluded.severity, order_key = excluded.order_key, event_id = excluded.event_id,
    entry_id = excluded.entry_id, account = excluded.account, expected = excluded.expected, actual = excluded.actual,
    currency = excluded.currency, parameters = excluded.parameters, raised_at = excluded.raised_at, state = excluded.state
WHERE (excluded.partition, excluded.record_offset) > (discrepancy.partition, discrepancy.record_offset)
