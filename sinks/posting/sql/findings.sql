-- What was found and raised, and stands.
SELECT subject, partition, order_key, value FROM posting_finding WHERE connection = :connection ORDER BY subject
