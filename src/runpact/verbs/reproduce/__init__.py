"""Make a run again from what is recorded of it, and say whether it came out the same."""
