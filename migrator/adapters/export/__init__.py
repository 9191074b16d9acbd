"""What was planned, written as other tools read it."""
