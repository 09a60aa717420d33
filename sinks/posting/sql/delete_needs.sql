-- What a document waited for before it was planned again.
DELETE FROM posting_need WHERE connection = ? AND key = ?
