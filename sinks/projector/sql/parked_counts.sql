-- Waiting events by code.
SELECT coalesce(code, ''), count(*) FROM event_state WHERE outcome = 'deferred' GROUP BY code
