-- The sealed tokens and who refreshes them.
SELECT sealed, kept_at, holder, held_until FROM posting_token WHERE connection = :connection
