-- Which of these entry ids are booked, and with which content.
SELECT entry_id, content_hash FROM entry WHERE entry_id {among}
