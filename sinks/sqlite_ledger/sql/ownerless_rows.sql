-- Postings and documents that belong to no entry.
SELECT 'posting', entry_no FROM posting WHERE entry_no NOT IN (SELECT entry_no FROM entry)
UNION
SELECT 'document', entry_no FROM document WHERE entry_no NOT IN (SELECT entry_no FROM entry)
