-- Number and seal of the entry booked last; no row in an empty ledger.
SELECT entry_no, seal FROM entry ORDER BY entry_no DESC LIMIT 1
