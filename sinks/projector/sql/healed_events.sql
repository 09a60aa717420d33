-- The later judgings of some events in the order of the decisions.
SELECT healed.partition, healed.event_id, healed.batch_offset, decision_batch.decided_at, healed.outcome, healed.code, healed.entry_ids
FROM healed
JOIN decision_batch ON decision_batch.partition = healed.partition AND decision_batch.batch_offset = healed.batch_offset
WHERE healed.event_id IN ({ids}) ORDER BY healed.partition, healed.batch_offset, healed.place
