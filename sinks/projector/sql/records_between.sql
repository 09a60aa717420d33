-- How many records of a partition there are from one offset to before another, and how many of them have an outcome.
SELECT count(*), count(decision.record_offset)
FROM event LEFT JOIN decision ON decision.partition = event.partition AND decision.record_offset = event.record_offset
WHERE event.partition = ? AND event.record_offset >= ? AND event.record_offset < ?
