"""Beancount: the book as a folder of its files, accepted by `bean-check`."""
