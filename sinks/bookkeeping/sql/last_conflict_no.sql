-- The number of the conflict seen last; 0 where there was none.
SELECT coalesce(max(conflict_no), 0) FROM entry_conflict
