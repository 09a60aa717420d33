-- Which of these entry ids (a JSON array) are booked, and with which content.
SELECT entry_id, content_hash FROM entry WHERE entry_id IN (SELECT value FROM json_each(?))
