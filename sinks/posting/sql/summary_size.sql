-- How many entries a summary has.
SELECT count(*) FROM posting_entry WHERE connection = :connection AND summary = :summary
