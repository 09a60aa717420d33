-- Dead letters that were replayed or resolved, by reason: read from the few closings, not from the many letters.
SELECT dead_letter.reason, count(*)
FROM closing JOIN dead_letter ON dead_letter.subject = closing.subject
WHERE closing.subject_kind = 'DEAD_LETTER' AND closing.kind IN ('RESOLVE', 'REPLAY')
GROUP BY dead_letter.reason
