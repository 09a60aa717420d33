-- The newest ASSIGN about a subject.
INSERT INTO assignment (subject_kind, subject, assignee, acted_at, action_id) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (subject_kind, subject) DO UPDATE SET
    assignee = excluded.assignee, acted_at = excluded.acted_at, action_id = excluded.action_id
WHERE (excluded.acted_at, excluded.action_id) > (assignment.acted_at, assignment.action_id)
