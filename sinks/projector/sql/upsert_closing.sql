-- The newest RESOLVE, REPLAY or REOPEN about a subject.
INSERT INTO closing (subject_kind, subject, kind, acted_at, action_id) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (subject_kind, subject) DO UPDATE SET
    kind = excluded.kind, acted_at = excluded.acted_at, action_id = excluded.action_id
WHERE (excluded.acted_at, excluded.action_id) > (closing.acted_at, closing.action_id)
