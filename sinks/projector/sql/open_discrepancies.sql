-- Open discrepancies by code and severity, and when the oldest was raised.
SELECT code, severity, count(*), min(raised_at) FROM open_discrepancy GROUP BY code, severity
