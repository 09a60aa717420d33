-- No call before this time; nulls: go on.
UPDATE posting_connection SET paused_until = :until, pause_reason = :reason, pause_message = :message
WHERE connection = :connection
