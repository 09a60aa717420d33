"""Records that are safe on disk while the broker is away: bounded, in order, each with a checksum."""
