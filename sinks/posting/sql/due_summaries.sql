-- Summaries that are to be closed and planned by now, or are full.
SELECT name, subject, generation, closes_at FROM posting_summary AS summary
WHERE connection = :connection AND closed_at IS NULL AND (closes_at <= :now OR :members_max <= (
    SELECT count(*) FROM posting_entry AS entry WHERE entry.connection = :connection AND entry.summary = summary.name))
ORDER BY closes_at, name LIMIT :limit
