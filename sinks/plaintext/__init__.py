"""The journal as text: JSON lines, CSV, beancount, hledger. Pure: entries in, pieces of text out, exact to the minor unit."""
