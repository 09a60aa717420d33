-- The classes, added up.
SELECT outcome, count(*) FROM outcome GROUP BY outcome
