-- How many records of the range ended how, per side.
SELECT side, outcome, count(*) FROM outcome WHERE inside = 1 GROUP BY side, outcome ORDER BY side, outcome
