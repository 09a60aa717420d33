"""The fetcher: fetches what payloads only point at, and puts the answers among the raw records. The only part that calls platforms."""
