"""Ledgers that are folders of text files: what beancount and hledger have in common. See docs/ledgers/plain-text.md."""
