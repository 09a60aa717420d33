-- One leg, before its entry.
INSERT INTO posting (entry_no, line, account, side, amount, book_amount, dimensions) VALUES (?, ?, ?, ?, ?, ?, ?)
