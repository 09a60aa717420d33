-- What stands about the connection itself.
SELECT changes, mapping_digest, paused_until, pause_reason, pause_message, doubted_since FROM posting_connection WHERE connection = :connection
