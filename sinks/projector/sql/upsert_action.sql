-- An action once; sent twice, its first record counts.
INSERT INTO operator_action (
    action_id, partition, record_offset, kind, subject_kind, subject, order_key, actor, reason, acted_at, assignee,
    refers_to, sent_event_id, event
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (action_id) DO UPDATE SET partition = excluded.partition, record_offset = excluded.record_offset
WHERE (excluded.partition, excluded.record_offset) < (operator_action.partition, operator_action.record_offset)
