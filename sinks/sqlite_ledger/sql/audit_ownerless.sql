-- Postings and documents that belong to no entry.
SELECT DISTINCT 'posting', entry_no FROM main.posting WHERE entry_no NOT IN (SELECT entry_no FROM main.entry)
UNION ALL
SELECT 'document', entry_no FROM main.document WHERE entry_no NOT IN (SELECT entry_no FROM main.entry)
