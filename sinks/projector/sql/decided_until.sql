-- The end of the decided range of a partition.
SELECT next_offset FROM decision_batch WHERE partition = ? ORDER BY next_offset DESC LIMIT 1
