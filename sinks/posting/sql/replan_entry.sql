-- What became of an entry that was to be planned again.
UPDATE posting_entry SET state = :state, about = :about, reason = :reason, summary = :summary, planned_with = :planned_with, asked_again = 0
WHERE connection = :connection AND entry_id = :entry_id AND state IN ('WAITING', 'PLANNED')
