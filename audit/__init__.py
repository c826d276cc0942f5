"""What is known to be unsafe: `make audit`. Only `make check` has it, and what it needs."""
