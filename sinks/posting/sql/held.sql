-- What a ledger did not know of a mapping.
SELECT DISTINCT about FROM posting WHERE connection = :connection AND state = 'PARKED' AND reason = 'mapping' AND about IS NOT NULL
