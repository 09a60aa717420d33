-- No entry joins it any more; what was asked for is done.
UPDATE posting_summary SET closed_at = coalesce(closed_at, :closed_at), planned_with = :planned_with, asked_again = 0
WHERE connection = :connection AND name = :name AND (closed_at IS NULL OR asked_again = 1)
