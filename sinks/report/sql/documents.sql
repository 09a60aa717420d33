-- Documents for ledgers outside by where they stand, and when the oldest of them was planned.
SELECT connection, state, coalesce(reason, ''), count(*), min(planned_at) FROM posting
GROUP BY connection, state, coalesce(reason, '') ORDER BY connection, state, coalesce(reason, '')
