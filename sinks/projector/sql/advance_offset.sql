-- Compare-and-set: no row changes when somebody else has moved the offset.
UPDATE source_offset SET next_offset = :next WHERE topic = :topic AND partition = :partition AND next_offset = :start
