-- How many records of each partition had which outcome when they were judged first.
SELECT partition, outcome, count(*) FROM decision GROUP BY partition, outcome ORDER BY partition, outcome
