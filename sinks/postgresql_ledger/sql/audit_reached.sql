-- The furthest place that any entry says it came from, per partition, below the ends of the stream (an array).
SELECT e.stream_partition, max(e.stream_offset)
FROM entry AS e JOIN unnest(CAST(? AS bigint[])) WITH ORDINALITY AS stream (ends, place) ON e.stream_partition = stream.place - 1
WHERE e.stream_offset < stream.ends GROUP BY e.stream_partition
