-- What is told of an entry now; its record is not needed any more once it stands.
UPDATE posting_entry SET told_status = :status, told_reason = :reason, value = CASE WHEN :status = 'POSTED' THEN NULL ELSE value END
WHERE connection = :connection AND entry_id = :entry_id
