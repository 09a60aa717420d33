"""Why a figure is what it is: the arithmetic behind documents and postings, from the order as it stood before its event.

A figure is explained only where this arithmetic gives exactly that figure, so that no explanation is ever made up.
"""
