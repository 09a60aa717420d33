-- The classes, added up per partition.
SELECT partition, outcome, count(*) FROM outcome GROUP BY partition, outcome
