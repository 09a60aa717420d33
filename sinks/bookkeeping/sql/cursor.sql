-- Up to which entry and conflict the acks are published.
SELECT entry_no, conflict_no FROM ack_cursor
