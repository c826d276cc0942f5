"""Tests of what the drills conclude, and of how they end. The drills themselves are held by `make drill`."""
