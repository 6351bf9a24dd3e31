"""Golden records: the values that a run must make again, and how far a run departs from them."""
