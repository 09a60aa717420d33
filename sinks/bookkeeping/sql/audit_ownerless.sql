-- Postings and documents that belong to no entry.
SELECT DISTINCT 'posting', entry_no FROM {main}posting
WHERE NOT EXISTS (SELECT 1 FROM {main}entry WHERE entry.entry_no = posting.entry_no)
UNION ALL
SELECT 'document', entry_no FROM {main}document
WHERE NOT EXISTS (SELECT 1 FROM {main}entry WHERE entry.entry_no = document.entry_no)
