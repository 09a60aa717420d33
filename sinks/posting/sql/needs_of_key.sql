-- What a document needs.
SELECT needs FROM posting_need WHERE connection = :connection AND key = :key ORDER BY needs
