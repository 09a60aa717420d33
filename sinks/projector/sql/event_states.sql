-- Where some events stand.
SELECT partition, event_id, record_offset, order_key, outcome, code, since, batch_offset FROM event_state WHERE event_id IN ({ids})
