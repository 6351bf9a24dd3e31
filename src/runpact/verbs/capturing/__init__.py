"""What is recorded about a run before it begins, and what its records must not hold."""
