-- Compare-and-set: no row changes when somebody else has moved the offset or the head of the chain.
UPDATE source_offset SET next_offset = ?, chain_length = ?, chain_hash = ?, seal = ?
WHERE topic = ? AND partition = ? AND next_offset = ? AND chain_length = ? AND chain_hash = ?
