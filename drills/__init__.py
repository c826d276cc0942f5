"""What stands around the system in production, started for tests and drills."""
