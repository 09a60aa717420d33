-- Rejected events that nobody has resolved or replayed since they were rejected last, by code, and when the oldest was rejected.
SELECT coalesce(event_state.code, ''), count(*), min(event_state.since)
FROM event_state LEFT JOIN closing ON closing.subject_kind = 'EVENT' AND closing.subject = event_state.event_id
WHERE event_state.outcome = 'rejected' AND (closing.kind IS NULL OR closing.kind = 'REOPEN' OR closing.acted_at < event_state.since)
GROUP BY event_state.code
