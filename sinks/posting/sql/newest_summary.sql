-- The newest summary of a subject.
SELECT generation, name, closed_at FROM posting_summary
WHERE connection = :connection AND subject = :subject ORDER BY generation DESC LIMIT 1
