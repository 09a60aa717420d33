-- Compare-and-set: no row changes when somebody else has moved the offset.
UPDATE posting_offset SET next_offset = :next
WHERE connection = :connection AND partition = :partition AND next_offset = :start
