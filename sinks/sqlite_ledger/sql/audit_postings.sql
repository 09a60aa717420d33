-- The legs of some entries (a JSON array of entry_no), all columns, entry by entry in line order.
SELECT entry_no, line, account, side, amount, book_amount, dimensions
FROM main.posting WHERE entry_no IN (SELECT value FROM json_each(?)) ORDER BY entry_no, line
