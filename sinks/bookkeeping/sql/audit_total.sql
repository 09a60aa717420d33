-- How many entries the table holds.
SELECT count(*) FROM {held}
