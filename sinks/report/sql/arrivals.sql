-- How many records of the events topic arrived in each step of time; record_at is the arrival.
SELECT (record_at - :origin) / :step AS place, count(*) FROM event
WHERE record_at >= :start AND record_at < :stop GROUP BY (record_at - :origin) / :step ORDER BY 1
