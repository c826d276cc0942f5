"""The benchmark suite: `make bench`, or `python -m benchmarks`. README.md says what it measures."""
