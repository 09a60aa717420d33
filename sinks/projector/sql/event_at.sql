-- One record of the events topic with its first outcome.
SELECT event.partition, event.record_offset, event.record_at, event.order_key, event.refusal, event.event_id, event.event_type,
       event.business_key, event.source, event.occurred_at, event.received_at, event.body,
       decision.outcome, decision.code, decision.entry_ids, decision_batch.decided_at, decision.batch_offset
FROM event
LEFT JOIN decision ON decision.partition = event.partition AND decision.record_offset = event.record_offset
LEFT JOIN decision_batch ON decision_batch.partition = decision.partition AND decision_batch.batch_offset = decision.batch_offset
WHERE event.partition = :partition AND event.record_offset = :record_offset
