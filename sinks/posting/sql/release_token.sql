-- The tokens are not refreshed any more.
UPDATE posting_token SET holder = NULL, held_until = NULL WHERE connection = :connection AND holder = :holder
