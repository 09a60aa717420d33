-- Upgrade to version 2: the link and the seal of an entry that was booked before there was a chain.
UPDATE entry SET chain_hash = ?, seal = ? WHERE entry_no = ?
