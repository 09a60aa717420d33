-- What became of the parked events of a partition that were judged again in batches behind this one.
SELECT outcome, count(*), max(batch_offset) FROM healed WHERE partition = ? AND batch_offset > ? GROUP BY outcome
