-- Proposals that nobody has answered, and when the oldest was made.
SELECT count(*), min(acted_at) FROM open_proposal
