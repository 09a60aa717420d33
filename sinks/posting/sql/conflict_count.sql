-- How many records were kept aside.
SELECT count(*) FROM posting_conflict WHERE connection = :connection
