-- The entries of a summary that comes to nothing.
UPDATE posting_entry SET state = 'NOTHING', reason = :reason WHERE connection = :connection AND summary = :summary AND state = 'SUMMARIZED'
