-- Refused records that nobody has dealt with, oldest first.
SELECT reason, '', first_seen_at, subject, coalesce(order_key, '') FROM dead_letter_state WHERE state = 'OPEN' ORDER BY first_seen_at, subject
