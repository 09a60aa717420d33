"""What `asiento doctor` finds, why it matters, how it is mended; and the mendings that it may carry out itself."""
