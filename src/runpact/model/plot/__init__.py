"""Pictures of runs, as values and as text."""
