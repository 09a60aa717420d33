-- Entries whose legs do not add up to 0, are missing or are not as many as the entry says.
SELECT entry.entry_id, coalesce(sum(CASE posting.side WHEN 'DEBIT' THEN posting.amount ELSE -posting.amount END), 0),
       count(posting.line), entry.posting_count
FROM entry LEFT JOIN posting USING (entry_no)
GROUP BY entry.entry_no
HAVING coalesce(sum(CASE posting.side WHEN 'DEBIT' THEN posting.amount ELSE -posting.amount END), 1) <> 0
    OR count(posting.line) <> entry.posting_count OR min(posting.amount) <= 0
ORDER BY entry.entry_no
