-- Proposals that nobody has answered.
SELECT count(*) FROM open_proposal
