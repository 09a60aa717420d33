-- What no rule maps: how many entries wait for it.
SELECT about, count(*), min(taken_at), min(reason) FROM posting_entry
WHERE connection = :connection AND state = 'WAITING' AND about IS NOT NULL GROUP BY about ORDER BY about
