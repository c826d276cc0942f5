"""The same for a standby: with connections of its own, which do not wait for long."""
