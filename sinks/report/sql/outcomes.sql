-- Records by what they were judged first, and where those that waited stand now.
SELECT coalesce(decision.outcome, '') AS outcome, coalesce(decision.code, '') AS code,
       CASE WHEN decision.outcome = 'deferred' THEN coalesce(event_state.outcome, '') ELSE '' END AS now, count(*)
FROM event
LEFT JOIN decision ON decision.partition = event.partition AND decision.record_offset = event.record_offset
LEFT JOIN event_state ON event_state.partition = event.partition AND event_state.event_id = decision.event_id
WHERE event.record_at >= :start AND event.record_at < :stop
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
