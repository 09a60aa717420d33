-- The legs of some entries, all columns, entry by entry in line order.
SELECT entry_no, line, account, side, amount, book_amount, dimensions
FROM {main}posting WHERE entry_no {among} ORDER BY entry_no, line
