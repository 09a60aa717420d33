-- A finding that does not stand any more.
DELETE FROM posting_finding WHERE connection = ? AND subject = ?
