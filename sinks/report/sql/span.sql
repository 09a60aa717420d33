-- When the first record arrived, and the newest time of anything that workers wrote.
SELECT coalesce(min(record_at), 0), coalesce(max(record_at), 0), (SELECT coalesce(max(decided_at), 0) FROM decision_batch) FROM event
