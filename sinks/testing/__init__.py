"""What a new connector is tried with: the behaviour that the posting state machine and the reconciler rely on."""
