-- How many entries stand where.
SELECT state, count(*), min(taken_at) FROM posting_entry WHERE connection = :connection GROUP BY state
