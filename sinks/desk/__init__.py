"""The operators' desk: what the stream could not settle, explained and mended, with an audit trail. No command line in here."""
