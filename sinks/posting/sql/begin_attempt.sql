-- Compare-and-set: the row says that the request leaves, before it does.
UPDATE posting SET state = 'SENDING', attempt = attempt + 1, sent_at = :at, sent_with = :sent_with,
    first_sent_at = coalesce(first_sent_at, :at), tried_since = coalesce(tried_since, :at),
    events = events + 1
WHERE connection = :connection AND key = :key AND state = :before AND digest = :digest
