-- The connections that were ever served.
SELECT connection FROM posting_connection ORDER BY connection
