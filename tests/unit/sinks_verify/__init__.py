"""Tests of `asiento verify` on captures of topics: the comparison is the real one, only the broker is not there."""
