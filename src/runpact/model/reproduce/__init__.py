"""Making a run again: what it takes, and what came of it."""
