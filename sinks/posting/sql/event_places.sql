-- How many steps documents ever had, and how often they were sent.
SELECT key, events, attempt FROM posting WHERE connection = ? AND key IN ({ids})
