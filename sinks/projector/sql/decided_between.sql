-- Which records of a partition, from one offset to before another, have an outcome.
SELECT record_offset FROM decision WHERE partition = ? AND record_offset >= ? AND record_offset < ?
