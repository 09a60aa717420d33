-- The next entries in the order of their ids, with their debits, and the kind of the entry that each reverses.
SELECT entry.entry_id, entry.entry_no, entry.booked_at, entry.entry_kind, entry.currency, entry.currency_exponent,
       (SELECT CAST(coalesce(sum(posting.amount), 0) AS BIGINT) FROM posting
        WHERE posting.entry_no = entry.entry_no AND posting.side = 'DEBIT') AS debits,
       (SELECT min(reversed.entry_kind) FROM entry AS reversed WHERE reversed.entry_id = entry.reverses) AS reversed_kind
FROM entry WHERE (entry.entry_id, entry.entry_no) > (?, ?) ORDER BY entry.entry_id, entry.entry_no LIMIT ?
