-- Summaries that are to be closed and planned by now, are full, or are to be planned again.
SELECT name, subject, generation, closes_at FROM posting_summary AS summary
WHERE connection = :connection AND closed_at IS NULL AND (closes_at <= :now OR :members_max <= (
    SELECT count(*) FROM posting_entry AS entry WHERE entry.connection = :connection AND entry.summary = summary.name))
UNION ALL SELECT name, subject, generation, closes_at FROM posting_summary WHERE connection = :connection AND asked_again = 1
ORDER BY closes_at, name LIMIT :limit
