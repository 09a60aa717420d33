"""What people read, in Spanish and English: messages of discrepancies and outcomes, rendered from codes and parameters. Pure."""
