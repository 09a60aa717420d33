-- Since when documents may stand there of which nothing is known here; null: what is not known is not there.
UPDATE posting_connection SET doubted_since = :since WHERE connection = :connection
