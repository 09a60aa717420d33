-- Summaries that are to be closed and planned by now.
SELECT name, subject, generation, closes_at FROM posting_summary
WHERE connection = :connection AND closed_at IS NULL AND closes_at <= :now ORDER BY closes_at, name LIMIT :limit
