-- All dead letters by reason.
SELECT reason, count(*) FROM dead_letter GROUP BY reason
