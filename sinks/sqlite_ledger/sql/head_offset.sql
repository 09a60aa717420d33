-- Upgrade to version 2: the head of a partition's chain beside its offset.
UPDATE source_offset SET chain_length = ?, chain_hash = ?, seal = ? WHERE partition = ?
