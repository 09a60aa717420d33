-- The newest time of anything that the database knows of; 0 where it is empty.
SELECT coalesce(max(at), 0) FROM (
    SELECT max(record_at) AS at FROM event
    UNION ALL SELECT max(decided_at) FROM decision_batch
    UNION ALL SELECT max(raised_at) FROM discrepancy
    UNION ALL SELECT max(first_seen_at) FROM dead_letter
    UNION ALL SELECT max(acked_at) FROM ack
    UNION ALL SELECT max(acted_at) FROM operator_action
) AS times
