-- Dead letters that were neither replayed nor resolved, by reason, and when the oldest was seen.
SELECT dead_letter.reason, count(*), min(dead_letter.first_seen_at)
FROM dead_letter LEFT JOIN closing ON closing.subject_kind = 'DEAD_LETTER' AND closing.subject = dead_letter.subject
WHERE closing.kind IS NULL OR closing.kind NOT IN ('RESOLVE', 'REPLAY')
GROUP BY dead_letter.reason
