-- The history of a document.
SELECT place, at, before_state, state, attempt, reason, code, message FROM posting_event
WHERE connection = :connection AND key = :key ORDER BY place
