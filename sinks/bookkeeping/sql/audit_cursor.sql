-- The cursor of the acks; one row in a ledger of ours.
SELECT cursor_no, entry_no, conflict_no, seal FROM {main}ack_cursor LIMIT 3
