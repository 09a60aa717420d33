-- Open discrepancies by code.
SELECT code, count(*) FROM open_discrepancy GROUP BY code
