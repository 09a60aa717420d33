-- The history keeps its first step and the newest.
DELETE FROM posting_event WHERE connection = ? AND key = ? AND place = ?
