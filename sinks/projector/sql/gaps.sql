-- What retention took before it was read.
SELECT topic, partition, first_offset, next_offset FROM retention_gap ORDER BY topic, partition, first_offset
