-- Events that wait, longest first.
SELECT coalesce(code, ''), '', since, event_id, coalesce(order_key, '') FROM event_state WHERE outcome = 'deferred' ORDER BY since, event_id
