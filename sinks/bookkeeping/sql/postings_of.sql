-- The legs of some entries, entry by entry in line order.
SELECT entry_no, account, side, amount, book_amount, dimensions
FROM posting WHERE entry_no {among} ORDER BY entry_no, line
