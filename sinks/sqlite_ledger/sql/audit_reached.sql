-- The furthest place that any entry says it came from, per partition, below the ends of the stream (a JSON array).
SELECT e.stream_partition, max(e.stream_offset) FROM main.entry AS e NOT INDEXED JOIN json_each(?) AS stream ON e.stream_partition = stream.key
WHERE typeof(e.stream_offset) = 'integer' AND e.stream_offset < stream.value GROUP BY e.stream_partition
