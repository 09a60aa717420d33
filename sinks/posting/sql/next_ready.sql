-- When the next document is looked at that waits for its time only.
SELECT min(ready_at) FROM posting
WHERE connection = :connection AND state IN ('PLANNED', 'UNCERTAIN') AND ready_at > :now
