"""hledger: the book as a folder of its journals, accepted by `hledger check --strict`."""
