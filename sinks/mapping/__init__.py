"""Mappings: which account, item, tax code and customer of a ledger outside each posting goes to, by dated rules in a file."""
