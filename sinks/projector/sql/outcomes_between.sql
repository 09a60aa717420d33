-- How many records of a partition, from one offset to before another, had which outcome when they were judged first.
SELECT outcome, count(*) FROM decision WHERE partition = ? AND record_offset >= ? AND record_offset < ? GROUP BY outcome
