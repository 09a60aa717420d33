"""One folder for each ledger outside: its wire, its rendering of documents, its reading back."""
