-- Compare-and-set: a step of a document.
UPDATE posting SET state = :state, ready_at = :ready_at, failures = :failures, tried_since = :tried_since, open_since = :open_since,
    reason = :reason, about = :about, code = :code, message = :message, remote_id = :remote_id, remote_number = :remote_number,
    posted_at = :posted_at, events = events + 1
WHERE connection = :connection AND key = :key AND state = :before
