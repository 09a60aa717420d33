-- Entry ids that are booked more than once.
SELECT entry_id, count(*), min(entry_no), max(entry_no) FROM {held} GROUP BY entry_id HAVING count(*) > 1 ORDER BY min(entry_no)
