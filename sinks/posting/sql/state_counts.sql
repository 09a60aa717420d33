-- How many documents do not stand, and why, and since when the oldest.
SELECT state, coalesce(reason, ''), count(*), min(planned_at) FROM posting
WHERE connection = :connection AND state IN ('PLANNED', 'SENDING', 'UNCERTAIN') GROUP BY state, reason
UNION ALL SELECT state, coalesce(reason, ''), count(*), min(planned_at) FROM posting
WHERE connection = :connection AND state = 'PARKED' GROUP BY state, reason
UNION ALL SELECT state, coalesce(reason, ''), count(*), min(planned_at) FROM posting
WHERE connection = :connection AND state = 'REJECTED' GROUP BY state, reason
