-- How many entries each range of 2048 offsets has, and a sum that changes with their ids, orders, events and kinds.
SELECT coalesce(CAST(e.stream_partition AS INTEGER), -1), coalesce(CAST(e.stream_offset AS BIGINT) >> 11, -1), count(*), sum({header_mark})
FROM {main}entry AS e
GROUP BY 1, 2
