-- The legs of some entries, entry by entry in line order.
SELECT entry_no, account, side, amount FROM {main}posting WHERE entry_no {among} ORDER BY entry_no, line
