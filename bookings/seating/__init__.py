"""Which seats a party gets, and which choice leaves a single seat: pure functions over a seat plan."""
