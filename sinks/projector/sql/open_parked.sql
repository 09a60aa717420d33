-- Waiting events by code, and since when the oldest waits.
SELECT coalesce(code, ''), count(*), min(since) FROM event_state WHERE outcome = 'deferred' GROUP BY code
