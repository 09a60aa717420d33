-- No entry joins it any more.
UPDATE posting_summary SET closed_at = :closed_at
WHERE connection = :connection AND name = :name AND closed_at IS NULL
