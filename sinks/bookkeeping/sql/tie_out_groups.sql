-- Sums of the legs of one cell (entity, day, account, currency) in one range of 2048 offsets. Amounts are added up in two halves, as
-- a sum of 64 bits could overflow; `weighed` changes where two amounts of a cell are exchanged. Ranges that no stream has are -1.
SELECT coalesce(CAST(e.stream_partition AS INTEGER), -1), coalesce(CAST(e.stream_offset AS BIGINT) >> 11, -1),
       e.legal_entity, e.posting_date, p.account, e.currency,
       sum(CASE p.side WHEN 'DEBIT' THEN p.amount >> 32 ELSE 0 END), sum(CASE p.side WHEN 'DEBIT' THEN p.amount & 4294967295 ELSE 0 END),
       sum(CASE p.side WHEN 'DEBIT' THEN 0 ELSE p.amount >> 32 END), sum(CASE p.side WHEN 'DEBIT' THEN 0 ELSE p.amount & 4294967295 END),
       count(*),
       sum((p.amount % 65521) * (e.stream_offset % 65521 + 1)),
       sum(CASE WHEN e.entry_kind = 'capture' AND p.side = 'DEBIT' THEN p.amount >> 32 ELSE 0 END),
       sum(CASE WHEN e.entry_kind = 'capture' AND p.side = 'DEBIT' THEN p.amount & 4294967295 ELSE 0 END)
FROM {main}posting AS p JOIN {main}entry AS e ON e.entry_no = p.entry_no
GROUP BY 1, 2, 3, 4, 5, 6
