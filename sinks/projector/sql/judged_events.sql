-- Every judged record with its first outcome, and whether an operator has dealt with its event.
SELECT decision.event_id, event.order_key, decision.outcome, decision.code, decision_batch.decided_at AS since,
       decision.partition, decision.record_offset,
       event.event_type, event.business_key, event.source, event.occurred_at, event.received_at,
       assignment.assignee,
       CASE WHEN closing.kind IN ('RESOLVE', 'REPLAY') THEN 'RESOLVED' ELSE 'OPEN' END AS state
FROM decision
JOIN decision_batch ON decision_batch.partition = decision.partition AND decision_batch.batch_offset = decision.batch_offset
JOIN event ON event.partition = decision.partition AND event.record_offset = decision.record_offset
LEFT JOIN assignment ON assignment.subject_kind = 'EVENT' AND assignment.subject = decision.event_id
LEFT JOIN closing ON closing.subject_kind = 'EVENT' AND closing.subject = decision.event_id
WHERE decision.event_id IS NOT NULL
