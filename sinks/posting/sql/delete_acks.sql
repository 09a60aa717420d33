-- Acks that are published, up to a number.
DELETE FROM posting_ack WHERE connection = :connection AND number <= :number
