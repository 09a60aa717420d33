-- Connections that a person doubts, and since when.
SELECT connection, doubted_since FROM posting_connection WHERE doubted_since IS NOT NULL ORDER BY connection
